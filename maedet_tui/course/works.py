"""What works in a search: children by the mutation that they began with, and what refused them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.search.mutation import HEADINGS
from engine.search.tally import BEST, Tallied
from engine.structure import LEVELS
from maedet_tui import formatting

#: what becomes of children, in the order and words in which it is shown
FATES = {
    "accepted": "accepted",
    "flops": "over FLOPs",
    "params": "over params",
    "layers": "over layers",
    "latency": "too slow",
    "flops_min": "below FLOPs",
    "params_min": "below params",
    "effectiveness": "too deep",
    "memory": "over memory",
    "monotone_widths": "narrowing",
    "max_expansion": "widening",
    "widths": "out of range",
    "duplicate": "duplicates",
    "worse": "worse",
}
#: those that no budget and no rule refused
_UNREFUSED = ("accepted", "duplicate", "worse", "unscored", BEST)
#: what a child that more than one change made is listed as besides
SEVERAL = "several"


@dataclass(frozen=True)
class Line:
    """Children of one sort. tried, accepted, bests: how many, and how many of them entered the
    population, and were the best. fates: all of it by `Evolution.counts`."""

    name: str
    fates: Mapping[str, int]

    @property
    def tried(self) -> int:
        return sum(self.fates.values()) - self.bests

    @property
    def accepted(self) -> int:
        return self.fates.get("accepted", 0)

    @property
    def bests(self) -> int:
        return self.fates.get(BEST, 0)


def lines(
    tally: Sequence[Tallied], of: Callable[[Tallied], str], names: Sequence[str]
) -> list[Line]:
    """The children by what `of` calls them, in the order of the names; none of no children."""
    found: dict[str, Counter[str]] = {}
    for one in tally:
        found.setdefault(of(one), Counter())[one.fate] += one.children
    return [Line(name, found[name]) for name in names if name in found]


def by_field(tally: Sequence[Tallied]) -> list[Line]:
    """By what the mutation changed first; last, and once more, those that more changes made."""
    more = [one for one in tally if one.several]
    return [
        *lines(tally, lambda one: HEADINGS[one.field], tuple(HEADINGS.values())),
        *lines(more, lambda one: SEVERAL, (SEVERAL,)),
    ]


def by_stage(tally: Sequence[Tallied]) -> list[Line]:
    """By the stage of the block that was changed first."""
    return lines(tally, lambda one: one.level, LEVELS)


def by_both(tally: Sequence[Tallied]) -> list[Line]:
    """By stage and what changed."""
    names = [f"{level} {heading}" for level in LEVELS for heading in HEADINGS.values()]
    return lines(tally, lambda one: f"{one.level} {HEADINGS[one.field]}", names)


def refusals(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Which budgets and rules refused children, and how many, most first."""
    refused = [(fate, n) for fate, n in counts.items() if fate not in _UNREFUSED and n]
    return sorted(refused, key=lambda one: (-one[1], one[0]))


def refuses_most(counts: Mapping[str, int]) -> str | None:
    """Which budget or rule refuses most, and what share of all children, in a few words."""
    refused = refusals(counts)
    if not refused:
        return None
    fate, n = refused[0]
    children = sum(n for fate, n in counts.items() if fate != BEST)
    return f"{FATES.get(fate, fate)}, {formatting.percent(n, children)}"
