"""Annotation files, above all broken ones: which record, and why."""

import copy
import json

import pytest
from PIL import Image

from engine.training import annotations
from engine.training.annotations import read_annotations
from engine.training.errors import TrainingError

SOUND = {
    "categories": [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}],
    "images": [
        {"id": 1, "file_name": "a.png", "width": 64, "height": 48},
        {"id": 2, "file_name": "b.png", "width": 64, "height": 48},
    ],
    "annotations": [
        {"id": 10, "image_id": 1, "category_id": 7, "bbox": [1, 2, 30.5, 20], "area": 300},
        {"id": 11, "image_id": 1, "category_id": 3, "bbox": [40, 8, 24, 40], "iscrowd": 1},
    ],
}


@pytest.fixture
def write(tmp_path):
    """Writes a document beside its images; reads it."""
    for name in ("a.png", "b.png"):
        Image.new("RGB", (64, 48)).save(tmp_path / name)

    def read(document):
        text = document if isinstance(document, str) else json.dumps(document)
        (tmp_path / "ann.json").write_text(text)
        return read_annotations(tmp_path / "ann.json", tmp_path)

    return read


def changed(key, number, **values):
    document = copy.deepcopy(SOUND)
    document[key][number].update(values)
    return document


def test_a_sound_file(write, tmp_path):
    found = write(SOUND)
    assert found.categories == ((3, "dog"), (7, "cat"))  # labels follow the ids
    first, second = found.pictures
    assert first.file == tmp_path / "a.png" and (first.width, first.height) == (64, 48)
    assert [one.box for one in first.objects] == [(1, 2, 30.5, 20), (40, 8, 24, 40)]
    assert [one.area for one in first.objects] == [300, 960]
    assert [one.crowd for one in first.objects] == [False, True]
    assert second.objects == () and found.left_out == ()


@pytest.mark.parametrize(
    ("key", "number", "values", "message"),
    [
        ("images", 1, {"file_name": "c.png"}, r"images record 2 \(id 2\): .*c.png is missing"),
        ("images", 1, {"file_name": "../b.png"}, "leads out of"),
        ("images", 1, {"file_name": "/etc/passwd"}, "leads out of"),
        ("images", 1, {"file_name": None}, "file_name is missing"),
        ("images", 1, {"file_name": "\x1b[2J"}, "file_name is missing, or no text"),
        ("images", 1, {"width": 31}, r"b.png is 31x48, but sides must have 32 pixels"),
        ("images", 1, {"width": 10**9}, "over 30000 are not read"),
        ("images", 1, {"height": "48"}, "must be whole numbers"),
        ("images", 1, {"id": 1}, r"images record 2 \(id 1\): has the id of a record before it"),
        ("images", 1, {"id": True}, "images record 2: is no object with a whole number as id"),
        ("categories", 0, {"name": ""}, r"categories record 1 \(id 7\): name is missing"),
        ("annotations", 1, {"id": 10}, "has the id of a record before it"),
        ("annotations", 1, {"image_id": 9}, r"record 2 \(id 11\): image_id is 9, which no image"),
        ("annotations", 1, {"category_id": 9}, "category_id is 9, which no category has"),
        ("annotations", 1, {"category_id": "cat"}, "must be whole numbers"),
        ("annotations", 0, {"bbox": [1, 2, -3, 4]}, "must not be negative"),
        ("annotations", 0, {"bbox": [50, 2, 20, 4]}, r"\[50, 2, 20, 4\], which is outside .*64x48"),
        ("annotations", 0, {"bbox": [-5, 2, 20, 4]}, "outside its image"),
        ("annotations", 0, {"bbox": [1, 2, float("nan"), 4]}, r"bbox is \[1, 2, NaN, 4\]"),
        ("annotations", 0, {"bbox": [1, 2, float("inf"), 4]}, "must be four numbers"),
        ("annotations", 0, {"bbox": [1, 2, 10**400, 4]}, "must be four numbers"),
        ("annotations", 0, {"bbox": [1, 2, 3]}, "must be four numbers"),
        ("annotations", 0, {"bbox": [[1], 2, 3, 4]}, "bbox is a list of lists"),
        ("annotations", 0, {"bbox": None}, "bbox is null"),
        ("annotations", 0, {"iscrowd": 2}, "iscrowd is 2"),
        ("annotations", 0, {"area": -1}, "area is -1"),
    ],
)  # fmt: skip
def test_a_broken_record_is_named(write, key, number, values, message):
    with pytest.raises(TrainingError, match=message) as failure:
        write(changed(key, number, **values))
    assert len(failure.value.problems) == 1 and "ann.json" in str(failure.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1, column 1: is not JSON"),
        ('{"images": [\n}', "line 2, column 1: is not JSON"),
        ("[]", "holds no object"),
        ('{"images": {}}', "images is missing, or no list"),
        ('{"images": [], "annotations": []}', "categories is missing"),
        ("[" * 100_000, "is no JSON that an annotation file could be"),
        ("[" + "9" * 10_000 + "]", "is no JSON that"),
        ('{"images": [], "annotations": [], "categories": []}', "nothing to learn from"),
        ('{"images": [5], "annotations": [], "categories": []}', "images record 1: is no object"),
    ],
)
def test_a_file_that_is_none(write, text, message):
    with pytest.raises(TrainingError, match=message):
        write(text)


def test_all_problems_come_at_once_but_not_thousands(write):
    document = changed("images", 0, width=5)
    document["annotations"] += [
        {"id": number, "image_id": 2, "category_id": 5, "bbox": [0, 0, 1, 1]}
        for number in range(100, 150)
    ]
    with pytest.raises(TrainingError) as failure:
        write(document)
    problems = failure.value.problems
    assert "a.png is 5x48" in problems[0]
    assert "id 100" in problems[1]  # the objects of a.png are not complained about as well
    assert len(problems) == 21 and problems[-1] == "and 31 more problems"
    assert failure.value.count == 51


def test_rounding_beyond_the_border_is_cut_off(write):
    found = write(changed("annotations", 0, bbox=[-0.5, 40, 64.9, 8.4]))
    assert found.pictures[0].objects[0].box == (0, 40, 64, 8)


def test_boxes_without_an_area_are_left_out_as_coco_has_some(write):
    found = write(changed("annotations", 0, bbox=[5, 5, 0, 7]))
    assert found.left_out == (10,) and len(found.pictures[0].objects) == 1


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    with pytest.raises(TrainingError, match=r"no\.json: cannot be read: No such file"):
        read_annotations(tmp_path / "no.json", tmp_path)
    with pytest.raises(TrainingError, match="is a folder; name an annotation file"):
        read_annotations(tmp_path, tmp_path)
    (tmp_path / "large.json").write_text(json.dumps(SOUND))
    monkeypatch.setattr(annotations, "MOST_BYTES", 10)
    with pytest.raises(
        TrainingError, match=r"large\.json: has .*, and of such a file at most 10 bytes are read"
    ):
        read_annotations(tmp_path / "large.json", tmp_path)
    monkeypatch.undo()
    (tmp_path / "latin.json").write_bytes(b'{"images": "\xe9"}')
    with pytest.raises(TrainingError, match="not text in UTF-8"):
        read_annotations(tmp_path / "latin.json", tmp_path)
    (tmp_path / "ann.json").write_text(json.dumps(SOUND))
    with pytest.raises(TrainingError, match="images: is no folder"):
        read_annotations(tmp_path / "ann.json", tmp_path / "images")
