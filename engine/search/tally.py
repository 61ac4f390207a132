"""What became of the children, by the mutation that each of them began with.

Algorithm 1 keeps no such books. They tell which of its mutations make better structures, in
which stage, and which budget refuses the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from engine.search.mutation import Mutation

#: the fate of a child that was the best when it was scored; it was accepted besides
BEST = "best"


class Tallied(NamedTuple):
    """How many children that began with one mutation met with one fate.

    level, field: of the mutation. several: whether more changes were made on top of it, a
    trade or a compound mutation. fate: a key of `Evolution.counts`, or BEST.
    """

    level: str
    field: str
    several: bool
    fate: str
    children: int


class Tally:
    """Counts fates; takes a fraction of a microsecond for each."""

    def __init__(self) -> None:
        # plain tuples, which are made in a tenth of the time of named ones
        self._counts: dict[tuple[str, str, bool, str], int] = {}

    def add(self, origin: Mutation | str, fate: str) -> None:
        """One more child of that origin; one that no mutation made is not counted."""
        if not isinstance(origin, Mutation):
            return
        first = origin
        while (earlier := first.earlier) is not None:
            first = earlier
        key = (first.level, first.field, first is not origin, fate)
        counts = self._counts
        try:
            counts[key] += 1
        except KeyError:
            counts[key] = 1

    def freeze(self) -> tuple[Tallied, ...]:
        """All counts, in the order of their fields."""
        return tuple(Tallied(*key, count) for key, count in sorted(self._counts.items()))

    def restore(self, tallied: Iterable[Tallied]) -> None:
        """Go on from the counts of a search that was interrupted."""
        self._counts = {
            (one.level, one.field, one.several, one.fate): one.children for one in tallied
        }
