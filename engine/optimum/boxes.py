"""Boxes of whole widths, in steps of the space: what ratios leave of them, and points in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.optimum.links import Links
from engine.optimum.space import Ints, Limits

Bools = npt.NDArray[np.bool_]


def propagated(
    lower: Ints,
    upper: Ints,
    pairs: Sequence[tuple[int, int]],
    has_inside: dict[int, Bools],
    limits: Limits | None,
    links: Links | None = None,
) -> tuple[Ints, Ints, Bools]:
    """The boxes (variables, N) without what no ratio and no link allows, and which of them are
    empty.

    Afterwards both corners keep to the ratios between the least and the largest bottleneck
    beside their outputs.
    """
    lower, upper = lower.copy(), upper.copy()
    if links is not None and links.pairs:
        links.narrowed(lower, upper)
    if limits is None or not pairs:
        return lower, upper, _empty(lower, upper)
    outs, least, most = limits
    end = len(outs) - 1
    for _ in range(2):
        for inside, out in pairs:
            has = has_inside[inside]
            # outputs whose largest bottleneck reaches the box's least, and the other way round
            first = np.searchsorted(most, lower[inside])
            final = np.searchsorted(least, upper[inside], side="right") - 1
            first = np.maximum(first, np.searchsorted(outs, lower[out]))
            final = np.minimum(final, np.searchsorted(outs, upper[out], side="right") - 1)
            empty = has & (first > final)
            first, final = np.minimum(first, end), np.maximum(final, 0)
            lower[out] = np.where(has, outs[first], lower[out])
            upper[out] = np.where(has, outs[final], upper[out])
            lower[inside] = np.where(has, np.maximum(lower[inside], least[first]), lower[inside])
            upper[inside] = np.where(has, np.minimum(upper[inside], most[final]), upper[inside])
            upper[out] = np.where(empty, lower[out] - 1, upper[out])
        if links is not None and links.pairs:
            links.narrowed(lower, upper)
    return lower, upper, _empty(lower, upper)


def _empty(lower: Ints, upper: Ints) -> Bools:
    found: Bools = np.any(lower > upper, axis=0)
    return found


def keeps(
    widths: Ints,
    pairs: Sequence[tuple[int, int]],
    has_inside: dict[int, Bools],
    limits: Limits | None,
) -> Bools:
    """Which of the points (variables, N) keep to every ratio."""
    fine: Bools = np.ones(widths.shape[1], bool)
    if limits is None:
        return fine
    outs, least, most = limits
    for inside, out in pairs:
        place = np.minimum(np.searchsorted(outs, widths[out]), len(outs) - 1)
        within = (least[place] <= widths[inside]) & (widths[inside] <= most[place])
        fine &= ~has_inside[inside] | ((outs[place] == widths[out]) & within)
    return fine
