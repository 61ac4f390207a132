"""Losses against their formulas, written out for one or two points."""

import math

import pytest
import torch

from engine.detection.boxes import distances_of
from engine.detection.head import Raw
from engine.detection.losses import centreness, focal_loss, losses


def same(value):
    return value


def called_without(function):
    return lambda _: function()


def logit(p):
    return math.log(p / (1 - p))


def test_focal_loss_of_four_probabilities():
    logits = torch.tensor([[logit(0.9), logit(0.9)], [logit(0.2), logit(0.2)]])
    wanted = torch.tensor([[1.0, 0], [1, 0]])
    expected = (
        -0.25 * 0.1**2 * math.log(0.9)  # right and sure: next to nothing
        - 0.75 * 0.9**2 * math.log(0.1)  # wrong and sure
        - 0.25 * 0.8**2 * math.log(0.2)
        - 0.75 * 0.2**2 * math.log(0.8)
    )
    assert focal_loss(logits, wanted).item() == pytest.approx(expected, rel=1e-5)


def test_centreness_of_the_centre_and_of_a_corner():
    distances = torch.tensor([[4.0, 4, 4, 4], [1, 2, 4, 8], [0, 3, 6, 3]])
    assert centreness(distances).tolist() == pytest.approx([1, (1 / 4 * 2 / 8) ** 0.5, 0])


def test_losses_of_two_points():
    # the point (4, 4) in the middle of its box of label 1, predicted 2 pixels too narrow on
    # each side; the point (12, 4) background; probabilities 0.5, centre-ness 0.5
    raw = Raw(torch.zeros(1, 2, 2), torch.full((1, 2, 4), 2.0), torch.zeros(1, 2))
    labels = torch.tensor([[1, -1]])
    boxes = torch.tensor([[[0.0, 0, 8, 8], [0, 0, 0, 0]]])
    found = losses(raw, torch.tensor([[4.0, 4], [12, 4]]), labels, boxes, same)
    half = 0.25 * math.log(2)  # (1 - p)^2 log p at p = 1/2
    assert found.classes.item() == pytest.approx(0.25 * half + 3 * 0.75 * half)
    assert found.boxes.item() == pytest.approx(1 - 16 / 64)  # a box within: GIoU is IoU
    assert found.centreness.item() == pytest.approx(math.log(2))
    assert found.total.item() == pytest.approx(sum(value.item() for value in found))


def test_boxes_weigh_as_much_as_they_are_central():
    # two points of one box: its centre, predicted right, and one of centre-ness 1/2, whose
    # box is a quarter of it
    raw = Raw(
        torch.zeros(1, 2, 1),
        torch.tensor([[[5.0, 5, 5, 5], [2, 5, 3, 0]]]),
        torch.zeros(1, 2),
    )
    boxes = torch.tensor([[0.0, 0, 10, 10]]).expand(1, 2, 4)
    at = torch.tensor([[5.0, 5], [2, 5]])
    found = losses(raw, at, torch.zeros(1, 2, dtype=torch.long), boxes, same)
    assert found.boxes.item() == pytest.approx((1 * 0 + 0.5 * (1 - 25 / 100)) / 1.5)


def test_a_batch_without_objects_teaches_only_background():
    raw = Raw(
        torch.zeros(1, 2, 1, requires_grad=True),
        torch.ones(1, 2, 4, requires_grad=True),
        torch.zeros(1, 2, requires_grad=True),
    )
    empty = torch.full((1, 2), -1)
    found = losses(raw, torch.zeros(2, 2), empty, torch.zeros(1, 2, 4), same)
    found.total.backward()  # each part of the head gets a gradient, as several processes need
    assert found.boxes.item() == found.centreness.item() == 0
    assert (raw.logits.grad > 0).all() and (raw.distances.grad == 0).all()


def test_two_processes_weigh_each_object_alike():
    """Half of a batch in each of two processes: the mean of their losses is the batch's."""
    torch.manual_seed(0)
    raw = Raw(torch.randn(2, 6, 3), torch.rand(2, 6, 4) * 9, torch.randn(2, 6))
    at, boxes = torch.rand(6, 2) * 10 + 5, torch.tensor([0.0, 0, 20, 20]).expand(2, 6, 4)
    labels = torch.tensor([[0, 1, 2, 0, 1, -1], [-1, -1, -1, -1, 2, -1]])
    whole = losses(raw, at, labels, boxes, same)
    positive = torch.tensor(float((labels >= 0).sum()))
    central = sum(centreness(distances_of(at, boxes[i])[labels[i] >= 0]).sum() for i in range(2))
    parts = []
    for i in range(2):
        part = Raw(*(value[i : i + 1] for value in raw))
        mean = iter([positive / 2, central / 2]).__next__
        parts.append(losses(part, at, labels[i : i + 1], boxes[i : i + 1], called_without(mean)))
    for name in whole._fields:
        both = sum(getattr(part, name) for part in parts) / 2
        assert torch.allclose(both, getattr(whole, name), rtol=1e-5)
