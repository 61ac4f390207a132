"""Measured times of families of operations, on a grid of widths, and between its points.

Times grow like powers of the widths, so they are interpolated in logarithms. A point
that would take long to measure gets the best rate of the narrower ones, in
multiply-accumulates per second.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import product
from math import exp, log

from engine.latency.operations import Family, Operation

#: widths that are measured; all others lie between them, or beyond
WIDTHS = (8, 24, 64, 160, 384, 960, 2048)
#: multiply-accumulates above which nothing is measured: tens of milliseconds on a core
MOST_MACS = 1_500_000_000
#: values in the maps of a batch above which nothing is measured: half a gigabyte of float32
MOST_VALUES = 1 << 27
#: seconds above which a run is not measured, if the narrower ones tell how long it would take
LONGEST = 0.3

Grid = dict[tuple[int, int], float]


def points(family: Family, batch: int = 1) -> list[Operation]:
    """The operations of a family that may be measured; the cheapest one in any case."""
    if family.has_two_widths:
        every = [Operation(family, i, o) for i, o in product(WIDTHS, WIDTHS)]
    else:
        every = [Operation(family, width, width) for width in WIDTHS]
    moderate = [one for one in every if one.macs <= MOST_MACS and batch * one.values <= MOST_VALUES]
    return moderate or every[:1]


def measure(family: Family, seconds: Callable[[Operation], float], batch: int = 1) -> Grid:
    """Measured times of a family by (input, output) width, for a batch of that many images."""
    grid: Grid = {}
    for one in sorted(points(family, batch), key=lambda operation: operation.macs):
        widths = one.inside, one.outside
        if not grid or _point(grid, family, *widths) <= LONGEST:
            grid[widths] = seconds(one)
    return grid


def interpolate(grid: Grid, operation: Operation) -> float:
    """Seconds of an operation, from its family's measured times."""
    corners: tuple[tuple[int, int, float], ...]
    if operation.family.has_two_widths:
        low_in, high_in, share_in = _between(operation.inside)
        low_out, high_out, share_out = _between(operation.outside)
        corners = (
            (low_in, low_out, (1 - share_in) * (1 - share_out)),
            (low_in, high_out, (1 - share_in) * share_out),
            (high_in, low_out, share_in * (1 - share_out)),
            (high_in, high_out, share_in * share_out),
        )
    else:
        low, high, share = _between(operation.outside)
        corners = ((low, low, 1 - share), (high, high, share))
    return exp(
        sum(
            weight * log(_point(grid, operation.family, i, o)) for i, o, weight in corners if weight
        )
    )


def _between(width: int) -> tuple[int, int, float]:
    """The grid's widths below and above one, and how far it is between them; beyond the
    grid's ends, the share lies outside 0 to 1."""
    place = min(max(bisect_right(WIDTHS, width), 1), len(WIDTHS) - 1)
    low, high = WIDTHS[place - 1], WIDTHS[place]
    return low, high, log(width / low) / log(high / low)


def _point(grid: Grid, family: Family, inside: int, outside: int) -> float:
    """A grid point's time: measured, or by the best rate of narrower ones, since rates
    rise with the widths until they level off."""
    found = grid.get((inside, outside))
    if found is None:
        found = Operation(family, inside, outside).macs * min(
            seconds / Operation(family, *widths).macs
            for widths, seconds in grid.items()
            if widths[0] <= inside and widths[1] <= outside
        )
    return found
