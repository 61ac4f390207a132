"""Overlaps and suppression, against numbers that can be counted on squared paper."""

import pytest
import torch

from engine.detection.boxes import boxes_of, clipped, distances_of, generalized_iou, iou
from engine.detection.nms import nms


def test_overlaps_of_boxes_on_squared_paper():
    a = torch.tensor([[0.0, 0, 4, 4]])
    others = torch.tensor(
        [[0.0, 0, 4, 4], [2, 2, 6, 6], [4, 0, 8, 4], [10, 10, 12, 12], [1, 1, 1, 3]]
    )
    # shared 16, 4, 0 (they touch), 0 and 0 (no width) cells
    assert iou(a, others)[0].tolist() == pytest.approx([1, 4 / 28, 0, 0, 0])


def test_giou_subtracts_what_is_empty_around_both():
    a = torch.tensor([[0.0, 0, 4, 4]]).expand(4, -1)
    b = torch.tensor([[0.0, 0, 4, 4], [2, 2, 6, 6], [4, 0, 8, 4], [6, 0, 8, 4]])
    # around: 16; 36, of which 28 covered; 32, all covered; 32, of which 24 covered
    expected = [1, 4 / 28 - 8 / 36, 0, -8 / 32]
    assert generalized_iou(a, b).tolist() == pytest.approx(expected)


def test_giou_pulls_distant_boxes_together():
    box = torch.tensor([[8.0, 0, 10, 2]], requires_grad=True)
    generalized_iou(box, torch.tensor([[0.0, 0, 2, 2]])).sum().backward()
    assert box.grad[0, 0] < 0  # further left is better, though nothing overlaps


def test_distances_and_boxes_are_two_ways_to_say_the_same():
    points, boxes = torch.tensor([[5.0, 6], [1, 1]]), torch.tensor([[1.0, 2, 8, 7], [0, 0, 4, 4]])
    distances = distances_of(points, boxes)
    assert distances.tolist() == [[4, 4, 3, 1], [1, 1, 3, 3]]
    assert torch.equal(boxes_of(points, distances), boxes)


def test_boxes_end_at_the_border_of_their_image():
    assert clipped(torch.tensor([[-3.0, 2, 50, 60]]), (20, 40)).tolist() == [[0, 2, 40, 20]]


def test_suppression_keeps_the_best_of_each_label():
    boxes = torch.tensor(
        [[0.0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 8], [20, 0, 30, 10], [0, 0, 10, 10]]
    )
    scores = torch.tensor([0.5, 0.9, 0.6, 0.3, 0.2])
    labels = torch.tensor([0, 0, 0, 0, 1])
    # 1 is best and suppresses 0 (IoU 0.9) and 2 (0.89); 3 is elsewhere, 4 another label
    assert nms(boxes, scores, labels, 0.6).tolist() == [1, 3, 4]
    # at 0.89 box 2, with 8/9 = 0.888, may stay
    assert nms(boxes, scores, labels, 0.89).tolist() == [1, 2, 3, 4]


def test_a_suppressed_box_suppresses_nothing():
    # in a row, each overlaps the next by 6/14 and not the one after it
    boxes = torch.tensor([[0.0, 0, 10, 1], [4, 0, 14, 1], [8, 0, 18, 1]])
    keep = nms(boxes, torch.tensor([0.9, 0.8, 0.7]), torch.zeros(3), 0.4)
    assert keep.tolist() == [0, 2]


def test_suppressing_nothing():
    assert nms(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0), 0.5).tolist() == []
