"""Boxes as (x1, y1, x2, y2) in pixels, along the last axis of a tensor."""

from __future__ import annotations

import torch
from torch import Tensor


def areas(boxes: Tensor) -> Tensor:
    """(...,) areas of boxes (..., 4)."""
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def distances_of(points: Tensor, boxes: Tensor) -> Tensor:
    """From points (P, 2) left, up, right and down to the sides of boxes (..., P, 4)."""
    return torch.cat([points - boxes[..., :2], boxes[..., 2:] - points], dim=-1)


def boxes_of(points: Tensor, distances: Tensor) -> Tensor:
    """The boxes (..., P, 4) whose sides are that far from points (P, 2)."""
    return torch.cat([points - distances[..., :2], points + distances[..., 2:]], dim=-1)


def clipped(boxes: Tensor, size: tuple[float, float]) -> Tensor:
    """What of the boxes lies in an image of (height, width)."""
    height, width = size
    limits = boxes.new_tensor([width, height, width, height])
    return torch.minimum(boxes.clamp(min=0), limits)


def iou(a: Tensor, b: Tensor) -> Tensor:
    """(N, M) overlaps, intersection over union, of boxes (N, 4) and (M, 4)."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    return shared / (areas(a)[:, None] + areas(b)[None] - shared).clamp(min=1e-9)


def generalized_iou(a: Tensor, b: Tensor) -> Tensor:
    """(N,) GIoU of boxes in pairs (Rezatofighi et al. 2019), from -1 to 1.

    The IoU, less the share of the smallest box around both that belongs to neither.
    """
    shared_low, shared_high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    shared = (shared_high - shared_low).clamp(min=0).prod(-1)
    union = areas(a) + areas(b) - shared
    around_low, around_high = torch.minimum(a[:, :2], b[:, :2]), torch.maximum(a[:, 2:], b[:, 2:])
    around = (around_high - around_low).prod(-1)
    return shared / union.clamp(min=1e-9) - (around - union) / around.clamp(min=1e-9)
