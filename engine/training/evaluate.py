"""COCO's average precision of detections, by pycocotools."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from engine.detection import Detections
from engine.training.annotations import Annotations, Picture
from engine.training.errors import need

#: sides of squares between small, medium and large objects: COCO's
SIDES = (32.0, 96.0)
_NAMES = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large")


def records(
    annotations: Annotations,
    found: Iterable[tuple[Picture, tuple[int, int], Detections]],
) -> list[dict[str, Any]]:
    """Detections as COCO's results, in pixels of the original image.

    found: the picture, the (height, width) that it was scaled to, and what was found in it.
    """
    categories = [key for key, _ in annotations.categories]
    rows = []
    for picture, (height, width), detections in found:
        boxes = detections.boxes.float().cpu().numpy() * np.tile(
            [picture.width / width, picture.height / height], 2
        )
        boxes[:, 2:] -= boxes[:, :2]
        rows += [
            {
                "image_id": picture.id,
                "category_id": categories[label],
                "bbox": box,
                "score": score,
            }
            for box, score, label in zip(
                boxes.tolist(), detections.scores.tolist(), detections.labels.tolist(), strict=True
            )
        ]
    return rows


def average_precision(
    annotations: Annotations,
    results: Sequence[dict[str, Any]],
    sides: tuple[float, float] = SIDES,
) -> dict[str, float | None]:
    """AP, AP50, AP75 and AP by size, from 0 to 1; None where there is no such object."""
    need("pycocotools")
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    if not results:
        sizes = _sizes(annotations, sides)
        return dict(zip(_NAMES, [0.0] * 3 + [0.0 if n else None for n in sizes], strict=True))
    with contextlib.redirect_stdout(io.StringIO()):  # it reports on its progress
        truth = COCO()
        truth.dataset = _dataset(annotations)
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(list(results)), "bbox")
        small, large = (side**2 for side in sides)
        evaluation.params.areaRng = [[0, 1e10], [0, small], [small, large], [large, 1e10]]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return {
        name: None if value < 0 else float(value)
        for name, value in zip(_NAMES, evaluation.stats[:6], strict=True)
    }


def _sizes(annotations: Annotations, sides: tuple[float, float]) -> list[int]:
    """How many small, medium and large objects there are."""
    areas = [one.area for picture in annotations.pictures for one in picture.objects]
    bounds = (0.0, sides[0] ** 2, sides[1] ** 2, float("inf"))
    return [sum(low <= area < high for area in areas) for low, high in pairwise(bounds)]


def _dataset(annotations: Annotations) -> dict[str, Any]:
    return {
        "info": {},
        "images": [{"id": picture.id} for picture in annotations.pictures],
        "categories": [{"id": key, "name": name} for key, name in annotations.categories],
        "annotations": [  # numbered anew: pycocotools takes the id 0 for "none"
            {
                "id": number,
                "image_id": picture.id,
                "category_id": one.category,
                "bbox": list(one.box),
                "area": one.area,
                "iscrowd": int(one.crowd),
            }
            for number, (picture, one) in enumerate(
                ((p, one) for p in annotations.pictures for one in p.objects), 1
            )
        ],
    }
