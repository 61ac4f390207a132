"""What there is to draw of a search over its iterations: Figures 8-10 (layers, FLOPs, params of
each stage), Z and what each stage contributes to it, the population, children accepted, and how
far Z is from the best possible."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log10
from typing import NamedTuple

from engine.snapshot import PROVEN, Point, gap_to
from engine.structure import LEVELS
from maedet_tui import formatting

#: a curve: (iteration, value) in ascending order
Curve = list[tuple[float, float]]

#: percent below which a best is the best possible
SMALLEST_GAP = 100 * PROVEN


class Band(NamedTuple):
    """What lies between two curves whose x agree, (x, lower y, higher y); the more densely filled
    the more it is of the `depth`."""

    label: str
    depth: int
    points: Sequence[tuple[float, float, float]]


def costs(points: Sequence[Point], field: str) -> list[Curve]:
    """What the stages of the best cost: "layers", "flops" or "params" of C1-C5."""
    return [
        [(point.iteration, getattr(point.stage_costs[i], field)) for point in points]
        for i in range(len(LEVELS))
    ]


def z(points: Sequence[Point]) -> Curve:
    """Z of the best."""
    return [(point.iteration, point.z) for point in points]


def parts(points: Sequence[Point]) -> list[Curve]:
    """What each stage contributes to Z, as far as that was recorded."""
    known = [point for point in points if point.parts]
    return [[(point.iteration, point.parts[i]) for point in known] for i in range(len(LEVELS))]


def accepted(points: Sequence[Point]) -> Curve:
    """The share of accepted children between each point and the next, in percent."""
    known = [(one.iteration, one.accepted) for one in points if one.accepted is not None]
    return [
        (start, 100 * (after - before) / (end - start))
        for (start, before), (end, after) in pairwise(known)
    ]


def gaps(points: Sequence[Point], bound: float) -> Curve:
    """Logarithms to base 10 of how far Z is below a bound, in percent."""
    found = [(point.iteration, 100 * gap_to(bound, point.z)) for point in points]
    return [(iteration, log10(max(gap, SMALLEST_GAP))) for iteration, gap in found]


def percent(y: float) -> str:
    """A gap of which y is the logarithm; what is as good as none is that."""
    return formatting.gap(10**y / 100 if 10**y > 1.001 * SMALLEST_GAP else 0.0)


def decade(y: float) -> str:
    """The tick of a gap of which y is the logarithm."""
    return f"{10**y:.4g} %"


def population(points: Sequence[Point], now: float) -> tuple[Band, ...]:
    """From the worst of the population to the best, and darker the half in the middle of it;
    until `now`."""
    known = [(point.iteration, point.z, point.spread) for point in points if point.spread]
    if known and now > known[-1][0]:
        known.append((round(now), *known[-1][1:]))
    return (
        Band("worst", 0, [(x, spread.worst, best) for x, best, spread in known]),
        Band("quarter", 1, [(x, spread.lower, spread.upper) for x, _, spread in known]),
    )


def held(curve: Curve, now: float) -> Curve:
    """The curve until now: what its last point says still holds."""
    return [*curve, (now, curve[-1][1])] if curve and now > curve[-1][0] else curve


def foot_of_z(points: Curve, start: float, end: float) -> float:
    """Where the axis of Z begins: the first steps up are so steep that they would flatten
    all the others."""
    after = start + (end - start) / 50
    return next((z for x, z in points if x >= after), points[-1][1] if points else 0.0)
