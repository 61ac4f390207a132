"""Average precision of detections that were made by hand."""

import pytest
import torch

from engine.detection import Detections
from engine.training.annotations import Annotation, Annotations, Picture
from engine.training.evaluate import average_precision, records


@pytest.fixture
def truth(tmp_path):
    """Two images of 200x100 with two objects each: small ones and medium ones."""
    pictures = tuple(
        Picture(
            image,
            tmp_path / "x.png",
            200,
            100,
            (
                Annotation(2 * image, 4, (10, 10, 20, 20), 400.0, False),
                Annotation(2 * image + 1, 9, (60, 20, 50, 50), 2500.0, False),
            ),
        )
        for image in (0, 1)
    )
    return Annotations(tmp_path, pictures, ((4, "x"), (9, "y")), "", ())


def seen(truth, change=lambda boxes: boxes, labels=(0, 1), scale=0.5):
    """Detections of all objects in images scaled to 100x50."""
    for picture in truth.pictures:
        boxes = torch.tensor([one.box for one in picture.objects], dtype=torch.float32)
        boxes[:, 2:] += boxes[:, :2]
        found = Detections(change(boxes) * scale, torch.tensor([0.9, 0.8]), torch.tensor(labels))
        yield picture, (50, 100), found


def test_a_perfect_detector_has_precision_one(truth):
    found = average_precision(truth, records(truth, seen(truth)))
    assert found["AP"] == found["AP50"] == found["AP75"] == 1
    assert found["AP_small"] == found["AP_medium"] == 1 and found["AP_large"] is None


def test_boxes_too_high_count_at_half_of_the_thresholds(truth):
    # boxes 1.4 times as high overlap by 1/1.4 = 0.714: at thresholds 0.5 to 0.7, 5 of 10
    def higher(boxes):
        boxes[:, 3] += 0.4 * (boxes[:, 3] - boxes[:, 1])
        return boxes

    found = average_precision(truth, records(truth, seen(truth, higher)))
    assert found["AP50"] == 1 and found["AP75"] == 0
    assert found["AP"] == pytest.approx(0.5)


def test_wrong_classes_have_precision_zero(truth):
    assert average_precision(truth, records(truth, seen(truth, labels=(1, 0))))["AP"] == 0


def test_seeing_nothing_is_zero_and_not_an_error(truth):
    assert average_precision(truth, []) == {
        "AP": 0, "AP50": 0, "AP75": 0, "AP_small": 0, "AP_medium": 0, "AP_large": None,
    }  # fmt: skip


def test_sizes_can_have_other_bounds(truth):
    found = average_precision(truth, records(truth, seen(truth)), (5.0, 30.0))
    assert (found["AP_small"], found["AP_medium"], found["AP_large"]) == (None, 1, 1)


def test_nothing_is_printed(truth, capsys):
    average_precision(truth, records(truth, seen(truth)))
    assert capsys.readouterr().out == ""
