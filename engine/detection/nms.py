"""Non-maximum suppression: of boxes that overlap, the one of highest score stays."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.detection.boxes import iou


def nms(boxes: Tensor, scores: Tensor, labels: Tensor, threshold: float) -> Tensor:
    """Indices of the boxes (N, 4) that stay, of highest score first.

    A box goes if one of its label that stays overlaps it by more than threshold. Takes
    memory of N^2 numbers: limit N beforehand.
    """
    order = scores.argsort(descending=True, stable=True)
    boxes, labels = boxes[order], labels[order]
    overlapping = (iou(boxes, boxes) > threshold) & (labels[:, None] == labels[None])
    rivals = overlapping.cpu().numpy()  # the loop would wait for a GPU at each turn
    alive = torch.ones(len(order), dtype=torch.bool).numpy()
    for number in range(len(order)):
        if alive[number]:
            alive[number + 1 :] &= ~rivals[number, number + 1 :]
    return order[torch.from_numpy(alive).to(order.device)]
