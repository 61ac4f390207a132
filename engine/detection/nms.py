"""Non-maximum suppression: of boxes that overlap, the one of highest score stays.

torchvision's where it can be imported, which finds the same; otherwise numpy, a class and a
block of boxes at a time, so that memory grows with the number of boxes and not with its square.
Boxes that overlap few others are held against their neighbours alone, all at once; in a crowd, the
best of those that are left drive most others out in a few turns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

#: boxes that are held against each other, and against how many others at a time; what is at hand
#: then fits a processor's cache
_BLOCK, _OTHERS = 64, 1024
#: overlaps of a box, on average, beyond which boxes are a crowd, of which few stay
_CROWD = 20
_Floats = npt.NDArray[np.float32]
_Indices = npt.NDArray[np.int64]
_Some = _Indices | slice
_Bools = npt.NDArray[np.bool_]


@lru_cache(maxsize=1)
def _of_torchvision() -> Callable[[Tensor, Tensor, Tensor, float], Tensor] | None:
    """torchvision's suppression, if there is one that belongs to this torch."""
    try:
        from torchvision.ops import batched_nms
    except (ImportError, RuntimeError, OSError):  # builds that do not belong together raise others
        return None
    found: Callable[[Tensor, Tensor, Tensor, float], Tensor] = batched_nms
    return found


def nms(boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
    """Indices of the boxes (N, 4) that stay, of highest score first.

    A box goes if one of its label that stays overlaps it by more than threshold, their
    intersection over union.
    """
    batched_nms = _of_torchvision()
    if batched_nms is not None:
        return batched_nms(boxes, scores, labels, threshold)
    return by_blocks(boxes, scores, labels, threshold)


def by_blocks(boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
    """`nms` in numpy: where there is no torchvision."""
    order = scores.argsort(descending=True, stable=True)
    sides = boxes[order].detach().float().cpu().numpy()
    classes = labels[order].cpu().numpy()
    grouped = np.argsort(classes, kind="stable")  # within a class, the order of scores remains
    ends = np.flatnonzero(np.diff(classes[grouped])) + 1
    kept = [group[_of_class(sides[group].T, threshold)] for group in np.split(grouped, ends)]
    places = torch.from_numpy(np.sort(np.concatenate(kept)))
    return order[places.to(order.device)]


def _of_class(sides: _Floats, threshold: float) -> _Indices:
    """Which of the boxes (4, N) stay, where the score falls from each to the next."""
    areas = (sides[2] - sides[0]) * (sides[3] - sides[1])
    few = sides.shape[1] <= 2 * _BLOCK
    pairs = None if few else _pairs(sides, areas, threshold)
    if pairs is None:
        return _of_crowd(sides, areas, threshold)
    better, worse = pairs
    alive = np.ones(sides.shape[1], dtype=np.bool_)
    while True:  # as `_greedily`
        now = np.ones_like(alive)
        now[worse[alive[better]]] = False
        if np.array_equal(now, alive):
            return np.flatnonzero(alive)
        alive = now


def _pairs(sides: _Floats, areas: _Floats, threshold: float) -> tuple[_Indices, _Indices] | None:
    """All that overlap, as (better, worse); None where that would be many for each box.

    Blocks are of boxes alike in width and place, so that few others can overlap any of them:
    overlap by a share only if the smaller width is that share of the larger, and so the heights.
    """
    order = _blocked(sides)
    ordered, sizes = np.ascontiguousarray(sides[:, order]), areas[order]
    share = 0.999 * threshold  # beyond rounding
    begin, size = ordered[:2], ordered[2:] - ordered[:2]
    reach = begin + (1 - share) * size  # where one that overlaps must have begun
    firsts = np.arange(0, len(order), _BLOCK)
    up_to = (
        (begin, np.maximum.reduceat(reach, firsts, axis=1)),
        (size, np.maximum.reduceat(size, firsts, axis=1) / max(share, 1e-9)),
    )
    at_least = (
        (reach, np.minimum.reduceat(begin, firsts, axis=1)),
        (size, np.minimum.reduceat(size, firsts, axis=1) * share),
    )
    found: list[tuple[_Indices, _Indices]] = []
    count = 0
    for number, first in enumerate(firsts.tolist()):
        block = slice(first, first + _BLOCK)
        near = np.ones(len(order) - first, dtype=np.bool_)
        for side in range(2):
            for of, most in up_to:
                near &= of[side, first:] <= most[side, number]
            for of, least in at_least:
                near &= of[side, first:] >= least[side, number]
        candidates = np.flatnonzero(near) + first
        for start in range(0, len(candidates), _OTHERS):
            others = candidates[start : start + _OTHERS]
            # places in one row of all are found several times faster than in two dimensions
            both = np.flatnonzero(_overlapping(ordered, sizes, block, others, threshold))
            one, two = np.divmod(both, len(others))
            one, two = order[one + first], order[others[two]]
            # a block meets itself too, so that some pairs come twice, which does no harm
            found.append((np.minimum(one, two), np.maximum(one, two)))
            count += len(one)
        if count > _CROWD * len(order):
            return None
    better, worse = (np.concatenate(ends) for ends in zip(*found, strict=True))
    return better[better < worse], worse[better < worse]


def _blocked(sides: _Floats) -> _Indices:
    """An order of the boxes in which neighbours are alike: by width, then top, then left side,
    each in so many groups that the groups of all three are about blocks."""
    number = sides.shape[1]
    block = np.arange(number) // _BLOCK  # a group is of whole blocks
    groups = max(1, round((block[-1] + 1) ** (1 / 3)))
    order = np.argsort(sides[2] - sides[0], kind="stable")
    for parts, side in ((groups, sides[1]), (groups**2, sides[0])):
        group = block * parts // (block[-1] + 1)
        order = order[np.lexsort((side[order], group))]
    return order


def _of_crowd(sides: _Floats, areas: _Floats, threshold: float) -> _Indices:
    """Which stay where most go: a block of the best is held against all that are left."""
    left = np.arange(sides.shape[1])  # neither kept nor suppressed yet
    kept = []
    while left.size:
        block, left = left[:_BLOCK], left[_BLOCK:]
        alive = block[_greedily(_overlapping(sides, areas, block, block, threshold))]
        kept.append(alive)
        rest = [left[start : start + _OTHERS] for start in range(0, left.size, _OTHERS)]
        rest = [
            others[~_overlapping(sides, areas, alive, others, threshold).any(0)] for others in rest
        ]
        left = np.concatenate(rest) if rest else left
    return np.concatenate(kept) if kept else left


def _overlapping(
    sides: _Floats, areas: _Floats, ones: _Some, others: _Some, threshold: float
) -> _Bools:
    """(ones, others): whether their intersection is more than that share of their union."""
    # `take` and not an index, which would leave the four sides of a box side by side in memory
    a = sides[:, ones] if isinstance(ones, slice) else sides.take(ones, axis=1)
    b = sides[:, others] if isinstance(others, slice) else sides.take(others, axis=1)
    a, b = a[:, :, None], b[:, None, :]
    width = np.minimum(a[2], b[2])
    width -= np.maximum(a[0], b[0])
    np.maximum(width, 0, out=width)
    height = np.minimum(a[3], b[3])
    height -= np.maximum(a[1], b[1])
    np.maximum(height, 0, out=height)
    width *= height
    # shared > t (areas - shared)
    height = np.add(areas[ones][:, None], areas[others], out=height)
    height -= width
    height *= np.float32(threshold)
    more: _Bools = np.greater(width, height)
    return more


def _greedily(overlapping: _Bools) -> _Bools:
    """Which rows stay where each suppresses those behind it: a fixed point, reached in as many
    turns as suppressions depend on each other."""
    behind = np.triu(overlapping, 1)
    alive: _Bools = np.ones(len(behind), dtype=np.bool_)
    while True:
        now: _Bools = np.logical_not(np.any(behind[alive], axis=0))
        if np.array_equal(now, alive):
            return alive
        alive = now
