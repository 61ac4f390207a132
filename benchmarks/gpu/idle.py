"""How long the card has nothing to do between two batches of a search.

The host reads the results of a batch, for which it waits, and has given out no work by then. What
it does until it issues the next batch (scores are told, children are made, their costs and memory
are reckoned) is time that the card idles. It is the same work beside a stand-in as beside a card.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time
from typing import Any
from unittest import mock

from engine.scorers import forward
from engine.scorers.forward import ForwardScorer


class Gaps:
    """Seconds of this thread's processor time between batches. passes: of those batches."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.passes = 0
        self._read: float | None = None

    def issued(self, passes: int) -> None:
        """A batch is about to be issued."""
        if self._read is not None:
            self.seconds.append(thread_time() - self._read)
            self.passes += passes

    def read(self) -> None:
        """The results of a batch are there."""
        self._read = thread_time()


@contextmanager
def gaps_of(scorer: ForwardScorer) -> Iterator[Gaps]:
    """Watch the batches of a scorer."""
    gaps, lanes = Gaps(), scorer._lanes
    run, entropies = lanes.run, forward._entropies

    def issuing(jobs: Any, *rest: Any) -> Any:
        gaps.issued(len(jobs))
        return run(jobs, *rest)

    def reading(passes: Any) -> Any:
        values = entropies(passes)
        gaps.read()
        return values

    with (
        mock.patch.object(lanes, "run", issuing),
        mock.patch.object(forward, "_entropies", reading),
    ):
        yield gaps
