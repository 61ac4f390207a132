"""The average precision of the stages, against COCO's own."""

import contextlib
import io
from random import Random

import pytest
import torch

from benchmarks.gpu.precision import average_precision
from benchmarks.gpu.shapes import KINDS, pictures
from engine.detection import Detections
from engine.detection.assign import Target


def boxes(rng, count):
    corners = [(rng.uniform(0, 60), rng.uniform(0, 60)) for _ in range(count)]
    rows = [(x, y, x + rng.uniform(8, 40), y + rng.uniform(8, 40)) for x, y in corners]
    return torch.tensor(rows).view(-1, 4)


def drawn(seed, images=12):
    """Objects, and detections that are theirs with an error, or nobody's."""
    rng, wanted, found = Random(seed), [], []
    for _ in range(images):
        count = rng.randint(0, 5)
        objects = boxes(rng, count)
        labels = torch.tensor([rng.randrange(3) for _ in range(count)], dtype=torch.long)
        wanted.append(Target(objects, labels))
        errors = torch.tensor([rng.gauss(0, 2) for _ in range(4 * count)]).view(-1, 4)
        more = rng.randint(0, 4)
        every = torch.cat([objects + errors, boxes(rng, more)])
        kinds = [*labels.tolist(), *(rng.randrange(3) for _ in range(more))]
        scores = torch.tensor([rng.random() for _ in kinds])
        found.append(Detections(every, scores, torch.tensor(kinds, dtype=torch.long)))
    return found, wanted


def coco(found, wanted):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def row(image, box, label, **more):
        x, y, right, bottom = map(float, box)
        shape = [x, y, right - x, bottom - y]
        return {"image_id": image, "category_id": int(label), "bbox": shape, **more}

    objects, results = [], []
    for image, (given, target) in enumerate(zip(found, wanted), 1):
        for box, label in zip(target.boxes, target.labels):
            one = row(image, box, label, id=len(objects) + 1, iscrowd=0)
            objects.append(one | {"area": one["bbox"][2] * one["bbox"][3]})
        triples = zip(given.boxes, given.labels, given.scores)
        results += [row(image, box, label, score=float(score)) for box, label, score in triples]
    truth = COCO()
    truth.dataset = {
        "images": [{"id": number} for number in range(1, len(found) + 1)],
        "categories": [{"id": number} for number in range(3)],
        "annotations": objects,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats[0]


@pytest.mark.parametrize("seed", range(4))
def test_is_coco_s(seed):
    found, wanted = drawn(seed)
    assert average_precision(found, wanted, 3) == pytest.approx(coco(found, wanted), abs=1e-6)


def test_what_is_drawn_is_within_the_picture_and_the_same_each_time():
    images, targets = pictures(6, 64, 3, torch.device("cpu"))
    again, _ = pictures(6, 64, 3, torch.device("cpu"))
    assert torch.equal(images, again) and images.abs().max() < 4
    for image, target in zip(images, targets):
        assert len(target.labels) and target.labels.max() < KINDS
        for x, y, right, bottom in target.boxes.int().tolist():
            assert 0 <= x < right <= 64 and 0 <= y < bottom <= 64
            shape = image[:, y:bottom, x:right].abs().mean()
            assert shape > image.abs().mean() * 0.8
