"""Which points answer for which boxes, in an image small enough to do it by hand."""

import pytest
import torch

from engine.detection.assign import Target, assign
from engine.detection.neck import STRIDES
from engine.detection.points import bounds, points

CPU = torch.device("cpu")


def at(where, labels):
    """The points, as (x, y, stride), that have a label; with their labels."""
    return {
        (*xy, stride): label
        for xy, stride, label in zip(
            where.at.tolist(), where.stride.tolist(), labels.tolist(), strict=True
        )
        if label >= 0
    }


@pytest.fixture
def where():
    """32x32 pixels: 4x4 points of stride 8 that reach 16 pixels, 2x2 of 16 that reach further."""
    return points([(4, 4), (2, 2)], (8, 16), 2.0, CPU)


def target(*boxes, labels=None):
    labels = labels or list(range(len(boxes)))
    return Target(torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4), torch.tensor(labels))


def test_points_are_the_centres_of_cells():
    found = points([(1, 2), (1, 1)], (8, 16), 8.0, CPU)
    assert found.at.tolist() == [[4, 4], [12, 4], [8, 8]]
    assert found.stride.tolist() == [8, 8, 16]


def test_a_reach_of_eight_is_fcos():
    inf = float("inf")
    assert bounds(STRIDES, 8.0) == [(0, 64), (64, 128), (128, 256), (256, 512), (512, inf)]


def test_a_small_box_goes_to_the_fine_level(where):
    # centre (9, 9): points within 12 pixels have x and y in 4, 12, 20; those in the box are 4, 12
    found = assign(where, target((0, 0, 18, 18), labels=[3]))
    four = {(x, y, 8): 3 for x in (4, 12) for y in (4, 12)}
    assert at(where, found.labels) == four
    assert found.boxes[0].tolist() == [0, 0, 18, 18]


def test_a_large_box_goes_to_the_coarse_level(where):
    # from each point of stride 16 the farthest side is 24 pixels away, from those of stride 8
    # in the middle 20: all beyond the fine level's 16
    found = assign(where, target((0, 0, 32, 32)))
    assert at(where, found.labels) == {(x, y, 16): 0 for x in (8, 24) for y in (8, 24)}


def test_a_narrow_box_goes_where_its_length_belongs(where):
    # 16 wide and 31 high about (8, 15.5): of the fine level the points (4 or 12, 12 or 20) are
    # near enough, but their farthest side, 20 - 0 or 31 - 12, is beyond 16
    found = assign(where, target((0, 0, 16, 31)))
    assert at(where, found.labels) == {(8, 8, 16): 0, (8, 24, 16): 0}


def test_centre_sampling_leaves_out_the_ends_of_a_box():
    where = points([(4, 8)], (8,), 2.0, CPU)  # the only level, so it reaches everywhere
    found = assign(where, target((0, 8, 64, 16)))
    # centre (32, 12), radius 12: of the row y = 12 the points x = 28 and 36; 20 and 44 are 12 off
    assert at(where, found.labels) == {(28, 12, 8): 0, (36, 12, 8): 0}


def test_of_two_boxes_a_point_takes_the_smaller(where):
    found = assign(where, target((0, 0, 18, 18), (6, 6, 18, 18)))
    assert at(where, found.labels) == {(4, 4, 8): 0, (4, 12, 8): 0, (12, 4, 8): 0, (12, 12, 8): 1}


def test_an_image_without_objects_is_background(where):
    found = assign(where, target(labels=[]))
    assert at(where, found.labels) == {} and found.boxes.shape == (20, 4)
