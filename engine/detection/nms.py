"""Non-maximum suppression: of boxes that overlap, the one of highest score stays.

torchvision's where it can be imported, which finds the same; otherwise numpy, a class and a
block of boxes at a time, so that memory grows with the number of boxes and not with its square.
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
_BLOCK, _OTHERS = 128, 1024
_Floats = npt.NDArray[np.float32]
_Indices = npt.NDArray[np.int64]
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
    sides: _Floats, areas: _Floats, ones: _Indices, others: _Indices, threshold: float
) -> _Bools:
    """(ones, others): whether their intersection is more than that share of their union."""
    a, b = sides[:, ones, None], sides[:, None, others]
    width = np.minimum(a[2], b[2])
    width -= np.maximum(a[0], b[0])
    np.maximum(width, 0, out=width)
    height = np.minimum(a[3], b[3])
    height -= np.maximum(a[1], b[1])
    np.maximum(height, 0, out=height)
    width *= height
    # shared > t (areas - shared)
    height = np.add(areas[ones, None], areas[others], out=height)
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
