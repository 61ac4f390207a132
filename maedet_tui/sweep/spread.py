"""What seeds make of one combination of a sweep: searches that differ in nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import mean, stdev
from typing import NamedTuple

from maedet_tui.sweep.plan import named
from maedet_tui.sweep.searched import Search

SEED = "search.seed"


class Spread(NamedTuple):
    """A combination in words, and its searches that have found something."""

    name: str
    searches: tuple[Search, ...]

    @property
    def scores(self) -> list[float]:
        """Z of each."""
        return [one.z for one in self.searches if one.z is not None]

    @property
    def mean(self) -> float:
        """Of their Z."""
        return mean(self.scores)

    @property
    def deviation(self) -> float | None:
        """Standard deviation of their Z; None of a single one."""
        return stdev(self.scores) if len(self.scores) > 1 else None


def spreads(searches: Iterable[Search]) -> list[Spread]:
    """Every combination with a score, in the order of the plan."""
    groups: dict[tuple[str, str], list[Search]] = {}
    for one in searches:
        if one.z is not None:
            words = named(tuple(pair for pair in one.varied if pair[0] != SEED))
            groups.setdefault((one.preset, words), []).append(one)
    several = len({preset for preset, _ in groups}) > 1
    made = []
    for (preset, words), found in groups.items():
        told = [preset] if several or not words else []
        made.append(Spread(", ".join([*told, *([words] if words else [])]), tuple(found)))
    return made
