"""Suppression in blocks: the same boxes as one after the other, in little memory."""

import tracemalloc

import pytest
import torch

from engine.detection import nms as module
from engine.detection.boxes import iou
from engine.detection.nms import by_blocks


def crowd(count, classes, side, width):
    """Boxes of that width and less in a square, with scores and labels."""
    torch.manual_seed(count)
    corner = torch.rand(count, 2) * side
    boxes = torch.cat([corner, corner + torch.rand(count, 2) * width + 1], 1)
    return boxes, torch.rand(count), torch.randint(classes, (count,))


def one_by_one(boxes, scores, labels, threshold):
    """By the definition, with all overlaps at hand."""
    rivals = (iou(boxes, boxes) > threshold) & (labels[:, None] == labels[None])
    there = torch.ones(len(boxes), dtype=torch.bool)
    kept = []
    for number in scores.argsort(descending=True, stable=True).tolist():
        if there[number]:
            kept.append(number)
            there &= ~rivals[number]
    return kept


@pytest.mark.parametrize("classes", [1, 3, 80])
@pytest.mark.parametrize(("side", "width"), [(400, 60), (50, 60), (5, 60)])
def test_blocks_find_what_one_after_the_other_finds(classes, side, width):
    """From boxes that are alone to a heap, more of them than fit into a block."""
    many = crowd(300, classes, side, width)
    for threshold in (0.0, 0.3, 0.6, 1.0):
        assert by_blocks(*many, threshold).tolist() == one_by_one(*many, threshold)


def test_torchvision_finds_the_same():
    ops = pytest.importorskip("torchvision.ops")
    many = crowd(2000, 5, 400, 60)
    expected = ops.batched_nms(*many, 0.6)
    assert torch.equal(by_blocks(*many, 0.6), expected)
    assert module._of_torchvision() is ops.batched_nms
    assert torch.equal(module.nms(*many, 0.6), expected)


def test_ten_thousand_boxes_take_little_memory():
    for classes, width in ((1, 60), (1, 2), (80, 60)):
        many = crowd(10_000, classes, 400, width)
        tracemalloc.start()
        by_blocks(*many, 0.6)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 50e6  # bytes; their overlaps with each other alone would be 400 MB


def test_equal_scores_keep_their_order():
    boxes = torch.tensor([[0.0, 0, 4, 4], [0, 0, 4, 4], [9, 9, 12, 12]])
    assert by_blocks(boxes, torch.ones(3), torch.zeros(3), 0.5).tolist() == [0, 2]


def test_a_crowd_and_boxes_apart_are_told_from_each_other():
    """Either way of suppressing is taken, and by each the same boxes stay."""
    for side, apart in ((400, True), (4, False)):
        boxes, scores, labels = crowd(300, 1, side, 30)
        sides = boxes[scores.argsort(descending=True)].numpy().T
        areas = (sides[2] - sides[0]) * (sides[3] - sides[1])
        assert (module._pairs(sides, areas, 0.4) is not None) == apart
        found = module._of_class(sides, 0.4)
        assert found.tolist() == module._of_crowd(sides, areas, 0.4).tolist()
        assert len(found) == len(one_by_one(boxes, scores, labels, 0.4))
