"""`maedet-tui voc`: a set as VOC has it, into one that `train` and `validate` take."""

from pathlib import Path

import numpy as np
from PIL import Image

from engine.training.annotations import read_annotations
from tests.cli.conftest import last_json
from tests.engine.training.test_voc import xml


def _set(folder):
    for name in ("labels", "pictures"):
        (folder / name).mkdir()
    for number in range(2):
        pixels = np.full((64, 128, 3), 40 * number, dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / f"{number}.png")
        (folder / "labels" / f"{number}.xml").write_text(
            xml(f"{number}.png", (128, 64), ("bird", 0, 5, 5, 40, 40), ("fish", 0, 80, 9, 99, 30))
        )


def test_what_is_written_can_be_trained_on(folder, run):
    _set(folder)
    result = run("voc", "labels", "pictures", "set", "--tiles", "64x64", "--json")
    assert result.exit_code == 0
    said = last_json(result.output)
    assert (said["images_count"], said["annotations_count"], said["left_out"]) == (4, 4, 0)
    found = read_annotations(Path(said["output"]), Path(said["images"]))
    assert found.categories == ((1, "bird"), (2, "fish"))
    assert [len(one.objects) for one in found.pictures] == [1] * 4
    assert run("voc", "labels", "pictures", "set", "--tiles", "64x64").exit_code == 1


def test_what_is_wrong_is_told_in_a_sentence(folder, run):
    _set(folder)
    for words, code, said in (
        (("nowhere", "pictures", "a.json"), 1, "nowhere: is no folder"),
        (("labels", "pictures", "a.json", "--classes", "a,,b"), 2, "write names with commas"),
        (("labels", "pictures", "a.json", "--list", "no.txt"), 1, "no.txt: cannot be read"),
        (("labels", "pictures", "t", "--tiles", "999x64"), 1, "no image is as large as 999x64"),
    ):
        result = run("voc", *words)
        assert result.exit_code == code and said in " ".join(result.output.split()), result.output
    result = run("voc", "labels", "pictures", "a.json", "--classes", "fish")
    assert result.exit_code == 0 and "2 objects of other classes are left out" in result.output
    assert not (folder / "t").exists()
