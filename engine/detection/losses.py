"""What the detector is taught by: focal loss, GIoU loss and centre-ness (FCOS, Eq. 2-3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.detection.boxes import boxes_of, distances_of, generalized_iou
from engine.detection.head import Raw

#: of the focal loss (Lin et al. 2017)
ALPHA, GAMMA = 0.25, 2.0


class Losses(NamedTuple):
    """The three losses of a batch, each a scalar; their sum is what is minimised."""

    classes: Tensor
    boxes: Tensor
    centreness: Tensor

    @property
    def total(self) -> Tensor:
        return self.classes + self.boxes + self.centreness


def focal_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Sum of -alpha_t (1 - p_t)^gamma log p_t over logits and 0/1 values of one shape."""
    entropy = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    probability = logits.sigmoid()
    missed = probability + wanted - 2 * probability * wanted  # 1 - p_t
    weight = wanted * ALPHA + (1 - wanted) * (1 - ALPHA)
    return (weight * missed**GAMMA * entropy).sum()


def centreness(distances: Tensor) -> Tensor:
    """(N,) how central points are in their boxes, from 0 to 1, of distances (N, 4)."""
    across, down = distances[:, 0::2], distances[:, 1::2]
    ratio = (across.amin(-1) * down.amin(-1)) / (across.amax(-1) * down.amax(-1))
    return ratio.clamp(min=0).sqrt()


def losses(
    raw: Raw, at: Tensor, labels: Tensor, boxes: Tensor, mean: Callable[[Tensor], Tensor]
) -> Losses:
    """Losses of a batch.

    at: (P, 2) points. labels (batch, P), boxes (batch, P, 4): as assigned. mean: over the
    processes that train together, so that each object weighs the same in whichever it is.
    """
    positive = labels >= 0
    count = mean(positive.sum().float()).clamp(min=1)
    wanted = torch.zeros_like(raw.logits)
    wanted[positive] = F.one_hot(labels[positive], raw.logits.shape[-1]).to(wanted)
    where = at.expand(len(labels), -1, -1)[positive]
    target = boxes[positive]
    central = centreness(distances_of(where, target))
    overlap = generalized_iou(boxes_of(where, raw.distances[positive]), target)
    weight = mean(central.sum()).clamp(min=1e-6)
    return Losses(
        focal_loss(raw.logits, wanted) / count,
        (central * (1 - overlap)).sum() / weight,
        F.binary_cross_entropy_with_logits(raw.centreness[positive], central, reduction="sum")
        / count,
    )
