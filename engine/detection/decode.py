"""From what the head says to boxes with scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from engine.detection.boxes import boxes_of, clipped
from engine.detection.head import Raw
from engine.detection.nms import nms
from engine.detection.points import Points

#: FCOS's: least score, candidates of a level, overlap of two detections, detections of an image
LEAST_SCORE, CANDIDATES, OVERLAP, MOST = 0.05, 1000, 0.6, 100


class Detections(NamedTuple):
    """What was found in one image: boxes (N, 4), scores (N,), labels (N,), best first."""

    boxes: Tensor
    scores: Tensor
    labels: Tensor


def decode(raw: Raw, points: Points, sizes: Sequence[tuple[int, int]]) -> list[Detections]:
    """Detections of each image of a batch.

    sizes: (height, width) of each image without its padding, which boxes are clipped to.
    A score is the geometric mean of class probability and centre-ness.
    """
    scores = (raw.logits.sigmoid() * raw.centreness.sigmoid()[..., None]).sqrt()
    boxes = boxes_of(points.at, raw.distances)
    levels = torch.unique_consecutive(points.stride, return_counts=True)[1].tolist()
    return [
        _of_image(torch.split(scores[number], levels), torch.split(boxes[number], levels), size)
        for number, size in enumerate(sizes)
    ]


def _of_image(
    scores: Sequence[Tensor], boxes: Sequence[Tensor], size: tuple[int, int]
) -> Detections:
    parts = [_candidates(*level) for level in zip(scores, boxes, strict=True)]
    found = Detections(*(torch.cat(values) for values in zip(*parts, strict=True)))
    found = found._replace(boxes=clipped(found.boxes, size))
    keep = nms(*found, OVERLAP)[:MOST]
    return Detections(*(value[keep] for value in found))


def _candidates(scores: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The best (box, score, label) of a level: scores (P, classes), boxes (P, 4)."""
    classes = scores.shape[1]
    flat = scores.flatten()
    best = flat.topk(min(CANDIDATES, len(flat)))
    chosen = best.indices[best.values > LEAST_SCORE]
    return boxes[chosen // classes], flat[chosen], chosen % classes
