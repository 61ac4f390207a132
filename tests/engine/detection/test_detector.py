"""From raw predictions to detections by hand, and the module as a whole."""

import math

import pytest
import torch

from engine.detection import Architecture, Detector
from engine.detection.assign import Target
from engine.detection.decode import decode
from engine.detection.head import Raw
from engine.detection.neck import FeaturePyramid
from engine.detection.points import points
from tests.engine.backbone.random_structures import EVERY_KIND

SMALL = Architecture(16, 1, 1.0)


def logit(p):
    return math.log(p / (1 - p))


def test_decoding_four_points_by_hand():
    where = points([(1, 2), (1, 1), (1, 1)], (8, 16, 32), 2.0, torch.device("cpu"))
    # points (4, 4), (12, 4) of stride 8, (8, 8) of 16 and (16, 16) of 32
    sure, never = logit(0.81), logit(1e-6)
    raw = Raw(
        torch.tensor([[[sure, never], [logit(0.64), never], [never, sure], [never, never]]]),
        torch.tensor([[[4.0, 4, 8, 8], [12, 4, 0, 8], [8, 8, 30, 30], [1, 1, 1, 1]]]),
        torch.tensor([[20.0, 20, logit(0.25), 20]]),
    )
    (found,) = decode(raw, where, [(20, 30)])
    # the second point sees the first one's box with a score of 0.8 under its 0.9; the third
    # is less central, sqrt(0.81 * 0.25), and is cut at the image's border
    assert found.scores.tolist() == pytest.approx([0.9, 0.45], abs=1e-4)
    assert found.boxes.tolist() == [[0, 0, 12, 12], [0, 0, 30, 20]]
    assert found.labels.tolist() == [0, 1]


def test_nothing_seen_is_no_detection():
    where = points([(1, 1)], (8,), 2.0, torch.device("cpu"))
    raw = Raw(torch.full((1, 1, 2), -9.0), torch.ones(1, 1, 4), torch.zeros(1, 1))
    (found,) = decode(raw, where, [(8, 8)])
    assert found.boxes.shape == (0, 4) and not len(found.scores)


@pytest.mark.parametrize(("height", "width"), [(64, 96), (70, 33)])
def test_levels_of_the_pyramid_halve(height, width):
    features = [torch.randn(1, 8, -(-height // s), -(-width // s)) for s in (8, 16, 32)]
    levels = FeaturePyramid((8, 8, 8), 16)(features)
    sizes = [(-(-height // s), -(-width // s)) for s in (8, 16, 32, 64, 128)]
    assert [tuple(level.shape) for level in levels] == [(1, 16, *size) for size in sizes]


def test_every_weight_learns_from_one_object():
    detector = Detector(EVERY_KIND, 3, SMALL)
    targets = [
        Target(torch.tensor([[4.0, 4, 40, 44]]), torch.tensor([2])),
        Target(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long)),
    ]
    losses = detector(torch.randn(2, 3, 64, 64), targets)
    losses.total.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in detector.parameters())


def test_it_starts_from_seeing_next_to_nothing():
    raw, _ = Detector(EVERY_KIND, 3, SMALL).eval().look(torch.randn(1, 3, 64, 64))
    assert raw.logits.sigmoid().mean().item() == pytest.approx(0.01, abs=0.005)


def test_detections_stay_in_their_images():
    torch.manual_seed(0)
    detector = Detector(EVERY_KIND, 3, SMALL).eval()
    for found in detector.detect(torch.randn(2, 3, 64, 96), [(60, 90), (64, 31)]):
        assert len(found.boxes) <= 100 and (found.boxes >= 0).all()
    assert (found.boxes[:, 2] <= 31).all() and (found.boxes[:, 3] <= 64).all()


def test_losses_under_autocast_are_as_precise_as_without():
    torch.manual_seed(0)
    detector, images = Detector(EVERY_KIND, 3, SMALL), torch.randn(2, 3, 64, 64)
    targets = [Target(torch.tensor([[4.0, 4, 40, 44]]), torch.tensor([2]))] * 2
    exact = detector(images, targets).total.item()
    with torch.autocast("cpu", torch.bfloat16):
        losses = detector(images, targets)
    assert losses.total.dtype == torch.float32
    assert losses.total.item() == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("side", [32, 64, 128])
def test_gradients_under_autocast_are_near_those_without(side):
    """P5, P6 or P7 is a single point, where torch's bfloat16 gradients can be garbage."""
    torch.manual_seed(0)
    detector, images = Detector(EVERY_KIND, 3, SMALL), torch.randn(2, 3, side, side)
    targets = [Target(torch.tensor([[4.0, 4, 28, 30]]), torch.tensor([2]))] * 2
    norms = []
    for enabled in (False, True):
        detector.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            losses = detector(images, targets)
        losses.total.backward()
        norms.append({n: p.grad.norm().item() for n, p in detector.neck.named_parameters()})
    for name, exact in norms[0].items():
        assert norms[1][name] == pytest.approx(exact, rel=0.3, abs=1e-3), name
