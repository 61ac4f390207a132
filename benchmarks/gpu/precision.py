"""COCO's average precision without its package: 101 points of recall, overlaps of 0.5 to 0.95.

For pictures of few objects: all sizes together, at most 100 detections of a picture, no crowds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.detection import Detections
from engine.detection.assign import Target

OVERLAPS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)


def average_precision(found: Sequence[Detections], wanted: Sequence[Target], kinds: int) -> float:
    """AP from 0 to 1: the mean over overlaps, and over the kinds that there are."""
    values = [_of_kind(found, wanted, kind) for kind in range(kinds)]
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else 0.0


def _of_kind(found: Sequence[Detections], wanted: Sequence[Target], kind: int) -> float | None:
    scores, hits, objects = [np.zeros(0)], [np.zeros((len(OVERLAPS), 0), bool)], 0
    for detections, target in zip(found, wanted):
        boxes = target.boxes.cpu().double().numpy()[target.labels.cpu().numpy() == kind]
        own = detections.labels.cpu().numpy() == kind
        score = detections.scores.float().cpu().numpy()[own]
        order = np.argsort(-score, kind="stable")
        given = detections.boxes.float().cpu().double().numpy()[own][order]
        objects += len(boxes)
        scores.append(score[order])
        hits.append(_hits(given, boxes))
    if not objects:
        return None
    order = np.argsort(-np.concatenate(scores), kind="stable")
    hit = np.concatenate(hits, axis=1)[:, order]
    true = hit.cumsum(1)
    precision = true / np.arange(1, hit.shape[1] + 1)
    # the best precision at this recall or more
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    total = 0.0
    for number in range(len(OVERLAPS)):
        places = np.searchsorted(true[number] / objects, RECALLS, side="left")
        total += envelope[number][places[places < len(order)]].sum() / len(RECALLS)
    return float(total / len(OVERLAPS))


def _hits(boxes: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(overlaps, N): whether a detection, the best first, takes an object that is still free."""
    hit = np.zeros((len(OVERLAPS), len(boxes)), bool)
    if not len(boxes) or not len(wanted):
        return hit
    shared = _overlaps(boxes, wanted)
    for number, least in enumerate(OVERLAPS):
        free = np.ones(len(wanted), bool)
        for one, overlaps in enumerate(shared):
            best = int(np.argmax(np.where(free, overlaps, -1.0)))
            if free[best] and overlaps[best] >= least:
                free[best], hit[number, one] = False, True
    return hit


def _overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of (N, 4) and (M, 4)."""
    sides = np.minimum(a[:, None, 2:], b[:, 2:]) - np.maximum(a[:, None, :2], b[:, :2])
    shared = sides.clip(0).prod(2)
    area_a, area_b = ((one[:, 2:] - one[:, :2]).prod(1) for one in (a, b))
    overlaps: np.ndarray = shared / (area_a[:, None] + area_b - shared)
    return overlaps
