"""The points that a detector looks from: the centre of each cell of each level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Points(NamedTuple):
    """P points of all levels, level by level.

    at: (P, 2), x and y in pixels. stride: (P,), of the point's level. low, high: (P,), the
    distances that a point of this level is responsible for, from above low to high.
    """

    at: Tensor
    stride: Tensor
    low: Tensor
    high: Tensor


def bounds(strides: Sequence[int], reach: float) -> list[tuple[float, float]]:
    """(low, high] of each level: up to `reach` strides, the last one without a limit.

    FCOS's 0-64-128-256-512 for strides 8-128 is a reach of 8.
    """
    highs = [reach * stride for stride in strides[:-1]] + [float("inf")]
    return list(zip([0.0, *highs[:-1]], highs, strict=True))


def points(
    shapes: Sequence[tuple[int, int]], strides: Sequence[int], reach: float, device: torch.device
) -> Points:
    """Points of levels whose maps have these (height, width)."""
    parts = []
    for (height, width), stride, (low, high) in zip(
        shapes, strides, bounds(strides, reach), strict=True
    ):
        y = (torch.arange(height, device=device) + 0.5) * stride
        x = (torch.arange(width, device=device) + 0.5) * stride
        at = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).reshape(-1, 2)
        parts.append((at, *(at.new_full((len(at),), value) for value in (stride, low, high))))
    return Points(*(torch.cat(values) for values in zip(*parts, strict=True)))
