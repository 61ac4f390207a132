"""A scorer whose structures are scored by workers side by side."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from engine.scorers.base import Cancelled, Pass, Score, ScoringError, Stop, never
from engine.scorers.workers.homes import Homes
from engine.scorers.workers.places import Gone, MakePlaces, Places
from engine.scorers.workers.posts import Post
from engine.scorers.workers.rounds import Round
from engine.scorers.workers.worker import Answer, Order
from engine.settings import Forward
from engine.structure import Structure

#: children of one generation, whatever the number of workers: a search's course depends on it
GENERATION = 32
#: seconds between two looks at whether the caller has given up
LOOK_EVERY = 0.05
#: times in a row that a worker may be lost before it has answered once; likewise a structure
MOST_LOST = 3

REPLACED = (
    "a worker was lost and replaced, and what it was at was scored again: {why}; run.log says more"
)
GIVEN_UP = "worker {number} was lost {times} times in a row ({why}), and is not begun again"

_log = logging.getLogger(__name__)


class Crew:
    """A Scorer (see `engine.scorers.base`), and one of single passes where its order is.

    order: the scorer that each worker makes; `forward.memory` is the limit of each. count: of
    workers. places: where they are; they are begun at the first use. Those that come up later
    than the first join in when they do. dtype: number format, by default the fastest one of
    the worker that is first up.
    """

    batch = GENERATION

    def __init__(self, order: Order, count: int, places: MakePlaces, *, dtype: str | None = None):
        self.method = order.name
        self.notices: list[str] = []
        self._order, self._count = order, count
        self._make_places = places
        self._places: Places | None = None
        self._posts: list[Post] = []
        self._homes = Homes()
        self._call = 0
        self._dtype = dtype
        self._over: ScoringError | None = None

    @property
    def forward(self) -> Forward:
        """How passes are made."""
        return self._order.forward

    @property
    def detail(self) -> str:
        """One line on how scores are made, and by how many workers."""
        up = [post.known.detail for post in self._posts if post.known is not None]
        workers = "1 worker" if self._count == 1 else f"{self._count} workers"
        if len(up) < self._count:
            workers = f"{len(up)} of {workers}"
        return f"{up[0] if up else self.method}, {workers}"

    def score(self, structures: Sequence[Structure], cancelled: Stop = never) -> list[Score]:
        """Score each structure. Raises as one scorer does, and ScoringError where workers are
        lost again and again."""
        return self._share("score", structures, None, cancelled, structures)

    def passes_each(
        self, structures: Sequence[Structure], index: int, cancelled: Stop = never
    ) -> list[Pass]:
        """Pass number `index` through each structure. Raises as `score` does."""
        return self._share("pass", structures, index, cancelled, structures)

    def passes(
        self, structure: Structure, count: int, first: int = 0, cancelled: Stop = never
    ) -> list[Pass]:
        """Passes `first` to `first` + `count` - 1 through one structure. Raises as `score` does."""
        found: list[list[Pass]] = self._share(
            "passes", [structure], (first, count), cancelled, [structure]
        )
        return found[0]

    def summary(self, structure: Structure, passes: Sequence[Pass]) -> Score:
        """The score that these passes through the structure amount to."""
        found: list[Score] = self._share("summary", [(structure, passes)])
        return found[0]

    def described(self, passes: int) -> str:
        """How a score of that many passes is obtained, in one line for people."""
        found: list[str] = self._share("described", [passes])
        return found[0]

    def refuse_beyond_memory(self, structures: Sequence[Structure]) -> None:
        """Raise ScoringError if a structure cannot be scored within a worker's memory."""
        self._share("fit", structures)

    def close(self) -> None:
        """End all workers; they are begun again at the next use."""
        posts, self._posts = self._posts, []
        for post in posts:
            post.end()
        places, self._places = self._places, None
        if places is not None:
            places.close()
        self._homes = Homes()

    # --- sharing out ------------------------------------------------------------------

    def _share(
        self,
        task: str,
        items: Sequence[Any],
        arguments: Any = None,
        cancelled: Stop = never,
        structures: Sequence[Structure] = (),
    ) -> list[Any]:
        """What workers answer, in the order of the items. structures: of the items, whose maps
        a worker may have."""
        if self._over is not None:
            raise self._over
        self._begin()
        self._call += 1
        round_ = Round(len(items), structures)
        try:
            while round_.left:
                self._muster()
                up = [post for post in self._posts if post.known is not None]
                if up:
                    round_.divide(up, self._homes)
                for post in up:
                    if post.job is None and (piece := round_.piece(post)):
                        post.give(piece, self._call, task, [items[n] for n in piece], arguments)
                wait([*self._awaited()], LOOK_EVERY, FIRST_COMPLETED)
                for post in up:
                    if post.job is not None and post.job.done():
                        self._take(post, round_)
                if cancelled():
                    raise Cancelled
        except BaseException:
            self._call_off()
            raise
        return [round_.values[number] for number in range(len(items))]

    def _awaited(self) -> list[Future[Any]]:
        """What may change how things stand."""
        return [
            one
            for post in self._posts
            for one in (post.ready, post.hello, post.job)
            if one is not None and not (one.done() and one is not post.job)
        ]

    def _begin(self) -> None:
        if self._places is None:
            self._places = self._make_places(self._count, self._order.device)
        while len(self._posts) < self._count:
            self._posts.append(Post(len(self._posts), self._places, self._order))
            if (said := self._places.crowded) and said not in self.notices:
                self.notices.append(said)

    def _muster(self) -> None:
        """Hear from workers that are up, and have the others of the first one's number format."""
        for post in self._posts:
            try:
                if post.hello is None and post.ready.done() and not post.given_up:
                    first = all(one.hello is None for one in self._posts)
                    if self._dtype is not None or first:
                        post.greet(self._dtype)
                if post.hello is not None and post.hello.done():
                    known = post.arrived()
                    self._dtype = self._dtype or known.dtype
            except Gone as gone:
                self._replace(post, gone)

    def _take(self, post: Post, round_: Round) -> None:
        """What has become of a piece that a worker was given."""
        piece = list(post.piece)
        try:
            answer: Answer = post.taken()
        except Gone as gone:
            round_.lost(post, piece)
            self._replace(post, gone)
            worst = max(round_.losses[number] for number in piece)
            if worst >= MOST_LOST:
                raise ScoringError(
                    f"{worst} workers were lost over one structure ({gone}); is there enough "
                    "memory for as many of them? write fewer `workers`"
                ) from None
            return
        round_.values.update(zip(piece, answer.values))
        for number in piece:
            if round_.structures:
                self._homes.remember(round_.structures[number], post.number)
        for notice in answer.notices:
            if notice not in self.notices:
                self.notices.append(notice)
        for level, text in answer.said:
            _log.log(level, "worker %d: %s", post.number + 1, text)

    def _replace(self, post: Post, gone: Gone) -> None:
        """Another worker in the place of one that is gone; a seat stays empty where that fails."""
        assert self._places is not None  # there was a worker
        said = f", having said:\n{gone.said}" if gone.said else ""
        _log.warning("worker %d is gone: %s%s", post.number + 1, gone, said)
        self._homes.forget(post.number)
        post.lost += 1
        if post.lost < MOST_LOST:
            notice = REPLACED.format(why=gone)
            post.begin(self._places)
        else:
            notice = GIVEN_UP.format(number=post.number + 1, times=post.lost, why=gone)
            post.give_up()
        if notice not in self.notices:
            self.notices.append(notice)
        if all(one.given_up for one in self._posts):
            self._over = ScoringError(
                f"no worker is left: each was lost {MOST_LOST} times in a row ({gone}); is there "
                "enough memory for as many of them? write fewer `workers`"
            )
            raise self._over

    def _call_off(self) -> None:
        """Have all stop what they are at, and be ready for what comes next."""
        for post in self._posts:
            post.call_off(self._call)
        for post in self._posts:
            if (gone := post.come_to_rest()) is not None and not post.given_up:
                self._homes.forget(post.number)
                _log.warning("worker %d is gone: %s", post.number + 1, gone)
                if self._places is not None:
                    post.begin(self._places)
