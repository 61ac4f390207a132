"""The synthetic set."""

from random import Random

import numpy as np
import pytest

from engine.training import scenes
from engine.training.annotations import read_annotations
from engine.training.errors import TrainingError
from engine.training.shapes import SHAPES, draw, write_shapes


def content(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_seed_writes_the_same_set(tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_shapes(tmp_path / name, 3, (48, 64), seed, 2)
    first, again, other = (content(tmp_path / name) for name in "abc")
    assert first == again and first.keys() == other.keys() and first != other
    assert len(first) == 7  # five images, two annotation files
    assert not list(tmp_path.glob(".*"))


def test_both_splits_are_sound_and_differ(tmp_path):
    write_shapes(tmp_path / "s", 3, (48, 64), 0, 3)
    train, val = (
        read_annotations(tmp_path / f"s/{split}.json", tmp_path / "s/images")
        for split in ("train", "val")
    )
    assert [name for _, name in train.categories] == list(SHAPES)
    assert [p.objects for p in train.pictures] != [p.objects for p in val.pictures]


def test_boxes_end_where_the_shape_does():
    checked = 0
    for number in range(20):
        image, objects = draw(Random(number), (64, 96))
        pixels = np.asarray(image, dtype=float)
        assert pixels.shape == (64, 96, 3)
        for _, (x, y, width, height), area in objects:
            assert x >= 0 and x + width <= 96 and y >= 0 and y + height <= 64
            assert 0.3 * width * height < area <= width * height
            if x < 3 or y < 3 or x + width > 93 or len(objects) > 1:
                continue
            inside = pixels[y : y + height, x : x + width]
            around = np.concatenate([pixels[y : y + height, x - 3], pixels[y - 3, x : x + width]])
            middle = inside[height // 2 - 1 : height // 2 + 2, width // 2 - 1 : width // 2 + 2]
            assert np.abs(middle.mean((0, 1)) - around.mean(0)).max() > 30
            checked += 1
    assert checked


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "thesis.txt").write_text("precious")
    with pytest.raises(TrainingError, match="is there already"):
        write_shapes(tmp_path / "s", 1, (64, 64), 0, 1)
    assert content(tmp_path) == {"s/thesis.txt": b"precious"}


def test_scenes_have_objects_of_every_scale_partly_hidden_and_none_of_clutter():
    sides, hidden = [], 0
    for number in range(12):
        image, objects = scenes.draw(Random(number), (128, 128))
        assert image.size == (128, 128)
        again, same = scenes.draw(Random(number), (128, 128))
        assert same == objects and again.tobytes() == image.tobytes()
        for category, (x, y, width, height), area in objects:
            assert 1 <= category <= len(SHAPES)
            assert x >= 0 and x + width <= 128 and y >= 0 and y + height <= 128
            assert 0 < area <= width * height
            sides.append(max(width, height))
            hidden += area < 0.45 * width * height
    assert min(sides) < 12 and max(sides) > 64 and len(sides) > 36
    assert hidden  # of a triangle half of its box is seen, of the others more
