"""What is asked in one call, on its way to workers and back."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from engine.scorers.workers.homes import Homes
from engine.scorers.workers.posts import Post
from engine.structure import Structure


class Round:
    """The items of one call, by their numbers.

    structures: of the items, empty where they are none that a worker would have maps of.
    values: what came back. losses: how often the worker of an item was lost.
    """

    def __init__(self, count: int, structures: Sequence[Structure]):
        self.structures = structures
        self.values: dict[int, Any] = {}
        self.losses: Counter[int] = Counter()
        self._count = count
        self._undivided = list(range(count))
        self._queues: dict[int, deque[int]] = {}

    @property
    def left(self) -> bool:
        """Whether some are not back."""
        return len(self.values) < self._count

    def divide(self, up: Sequence[Post], homes: Homes) -> None:
        """Give each item to the worker that has its maps, as far as that has not its share yet,
        and the rest to whoever has least."""
        if not self._undivided:
            return
        queues = self._queues = {post.number: deque() for post in up}
        share = -(-len(self._undivided) // len(up))
        rest = []
        for number in self._undivided:
            home = homes.of(self.structures[number]) if self.structures else None
            if home in queues and len(queues[home]) < share:
                queues[home].append(number)
            else:
                rest.append(number)
        for number in rest:
            min(queues.values(), key=len).append(number)
        self._undivided = []

    def piece(self, post: Post) -> list[int]:
        """What an idle worker is given next: of its own items, else of whoever has most left."""
        assert post.known is not None  # it is up
        own = self._queues.setdefault(post.number, deque())
        if own:
            return [own.popleft() for _ in range(min(post.known.piece, len(own)))]
        most = max(self._queues.values(), key=len)
        return [most.pop() for _ in range(min(post.known.piece, -(-len(most) // 2)))]

    def lost(self, post: Post, piece: list[int]) -> None:
        """A worker is gone with these items: they come first again, at another one if there is
        one, for either the items or that worker may be to blame."""
        self.losses.update(piece)
        others = [queue for number, queue in self._queues.items() if number != post.number]
        min(others or self._queues.values(), key=len).extendleft(reversed(piece))
