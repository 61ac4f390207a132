"""Pascal VOC's annotations in COCO's format, whole and in tiles."""

import json

import numpy as np
import pytest
from PIL import Image

from engine.training.annotations import read_annotations
from engine.training.errors import TrainingError
from engine.training.tiles import cut
from engine.training.voc import from_voc, listed

OBJECT = """<object><name>{}</name><difficult>{}</difficult><bndbox><xmin>{}</xmin><ymin>{}</ymin>
<xmax>{}</xmax><ymax>{}</ymax></bndbox><part><name>head</name></part></object>"""


def xml(name, size, *objects):
    width, height = size
    return (
        f"<annotation><filename>{name}</filename><size><width>{width}</width>"
        f"<height>{height}</height><depth>3</depth></size>"
        f"{''.join(OBJECT.format(*one) for one in objects)}</annotation>"
    )


@pytest.fixture
def voc(tmp_path):
    """Two images of 96x64: a dog and a difficult cat; a cat in the middle."""
    for folder in ("Annotations", "JPEGImages"):
        (tmp_path / folder).mkdir()
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        pixels = rng.integers(0, 256, (64, 96, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "JPEGImages" / name)
    (tmp_path / "Annotations" / "a.xml").write_text(
        xml("a.png", (96, 64), ("dog", 0, 1, 1, 96, 64), ("cat", 1, 11, 21, 20, 40))
    )
    # as some tools leave it: the name of another format
    (tmp_path / "Annotations" / "b.xml").write_text(
        xml("b.tif", (96, 64), ("cat", 0, 25, 17, 72, 48))
    )
    return tmp_path


def folders(voc):
    return voc / "Annotations", voc / "JPEGImages"


def test_boxes_classes_and_difficult_objects_become_those_of_coco(voc):
    document, left_out = from_voc(*folders(voc))
    assert left_out == 0
    (voc / "all.json").write_text(json.dumps(document))
    found = read_annotations(voc / "all.json", voc / "JPEGImages")
    assert found.categories == ((1, "cat"), (2, "dog"))
    first, second = found.pictures
    assert [(one.category, one.box, one.crowd) for one in first.objects] == [
        (2, (0.0, 0.0, 96.0, 64.0), False),
        (1, (10.0, 20.0, 10.0, 20.0), True),
    ]
    assert second.file.name == "b.png" and second.objects[0].area == 48 * 32


def test_a_list_and_classes_choose(voc):
    (voc / "list.txt").write_text("b -1\n\n")
    assert listed(voc / "list.txt") == ["b"]
    document, left_out = from_voc(*folders(voc), ["b"], ["dog"])
    assert document["categories"] == [{"id": 1, "name": "dog"}]
    assert [one["file_name"] for one in document["images"]] == ["b.png"]
    assert document["annotations"] == [] and left_out == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<annotation>", "is not XML"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><annotation/>", "has a document type"),
        (xml("none.png", (96, 64)), "none.png, its image, is missing"),
        (xml("a.png", ("x", 64)), "size/width is 'x', but must be a number of pixels"),
        (xml("a.png", (96, 0)), "size/height is 0, but must be a whole number"),
        (xml("a.png", (96, 64), ("cat", 0, 50, 1, 40, 2)), "object 1: bndbox has no area"),
        (xml("a.png", (96, 64), ("cat", 0, "", 1, 40, 2)), "object 1: bndbox/xmin is missing"),
        (xml("a.png", (96, 64), ("", 0, 1, 1, 40, 2)), "object 1: name is missing"),
    ],
)
def test_what_is_wrong_is_told_with_its_file(voc, text, said):
    path = voc / "Annotations" / "c.xml"
    path.write_text(text)
    with pytest.raises(TrainingError) as error:
        from_voc(*folders(voc))
    assert f"{path}: " in str(error.value) and said in str(error.value)
    assert "\n" not in str(error.value)


def test_tiles_show_what_the_image_shows_there(voc):
    document, _ = from_voc(*folders(voc))
    (voc / "all.json").write_text(json.dumps(document))
    whole = read_annotations(voc / "all.json", voc / "JPEGImages")
    (voc / "tiles").mkdir()
    (voc / "tiles.json").write_text(json.dumps(cut(whole, (32, 48), voc / "tiles")))
    tiles = read_annotations(voc / "tiles.json", voc / "tiles").pictures
    assert len(tiles) == 2 * 4 and {(one.width, one.height) for one in tiles} == {(48, 32)}
    pixels = [np.asarray(Image.open(one.file)) for one in tiles[4:]]
    image = np.asarray(Image.open(whole.pictures[1].file))
    assert (np.vstack([np.hstack(pixels[:2]), np.hstack(pixels[2:])]) == image).all()
    # the cat in the middle of the second image lies in four tiles, a quarter in each
    assert [one.box for tile in tiles[4:] for one in tile.objects] == [
        (24.0, 16.0, 24.0, 16.0), (0.0, 16.0, 24.0, 16.0),
        (24.0, 0.0, 24.0, 16.0), (0.0, 0.0, 24.0, 16.0),
    ]  # fmt: skip
    assert all(one.crowd and one.area == 48 * 32 / 4 for tile in tiles[4:] for one in tile.objects)
    with pytest.raises(TrainingError, match="no image is as large as 48x96"):
        cut(whole, (96, 48), voc / "tiles")
