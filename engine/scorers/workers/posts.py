"""One worker as a crew knows it: whether it is up, and what it is at."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from concurrent.futures import Future, wait
from typing import Any

from engine.scorers.base import Cancelled, ScoringError
from engine.scorers.workers.places import Gone, Place, Places
from engine.scorers.workers.worker import Answer, Known, Order

#: seconds that a worker is given to drop what it is at
PATIENCE = 5.0

_log = logging.getLogger(__name__)


class Post:
    """ready: done once it is up. hello: what it says of its scorer, once that is asked for.
    known: what that was; None before. job,
    piece: what it is at, and the numbers of the items. lost: how many in a row were, at this
    post. given_up: nobody is here any more."""

    def __init__(self, number: int, places: Places, order: Order):
        self.number = number
        self.lost = 0
        self.given_up = False
        self._order = order
        self.begin(places)

    def begin(self, places: Places) -> None:
        """Begin a worker, in the place of another one if there was one. Raises ScoringError."""
        self.known: Known | None = None
        self.hello: Future[Known] | None = None
        self.job: Future[Answer] | None = None
        self.piece: list[int] = []
        self._place: Place = places.begin(self.number)
        self.ready: Future[None] = self._place.ask("prepare")

    def greet(self, dtype: str | None) -> None:
        """Have it make its scorer, in the number format that the others have. It is up; raises
        Gone if it was."""
        self._heard(self.ready)
        self.hello = self._place.ask("begin", self._order, dtype)

    def arrived(self) -> Known:
        """What it says of its scorer. Raises what making that raised, and Gone."""
        if self.known is None:
            assert self.hello is not None  # it has been greeted
            self.known = self._heard(self.hello)
        return self.known

    def give(
        self, piece: list[int], call: int, task: str, items: Sequence[Any], arguments: Any
    ) -> None:
        """Have it do a task."""
        self.piece = piece
        self.job = self._place.ask("work", call, task, list(items), arguments)

    def taken(self) -> Answer:
        """What has become of its job, which is done. Raises what that raised, and Gone."""
        assert self.job is not None  # it was given one
        job, self.job = self.job, None
        answer: Answer = self._heard(job)
        self.lost = 0
        return answer

    def call_off(self, call: int) -> None:
        """Have it drop its job."""
        if self.job is not None:
            self._place.call_off(call)

    def come_to_rest(self) -> Gone | None:
        """Wait until its job is dropped; Gone if it is, or had to be ended."""
        if self.job is None:
            return None
        job, self.job = self.job, None
        wait([job], PATIENCE)
        if not job.done():
            self.end()
            return Gone("it did not stop, and was ended")
        try:
            self._heard(job)
        except Gone as gone:
            return gone
        except (Cancelled, ScoringError):
            pass
        except Exception:  # of the two failures the other one is told
            _log.exception("a worker failed beside another one")
        return None

    def end(self) -> None:
        """Nobody is asked any more."""
        self._place.end()

    def give_up(self) -> None:
        """Leave the post empty."""
        self.given_up, self.known, self.hello = True, None, None

    def _heard(self, answer: Future[Any]) -> Any:
        try:
            return answer.result()
        except Gone:
            with contextlib.suppress(OSError):
                self.end()
            raise
