"""Each key of a preset is explained once, in the schema's own ranges, and found at a cursor."""

from pathlib import Path

import pytest

from engine.settings import Schedule
from maedet_tui.presets import load, parse
from maedet_tui.presets.at_cursor import path_at
from maedet_tui.presets.keys import _SAID, all_keys, explained, facts, page
from maedet_tui.presets.numbers import changed, written
from maedet_tui.presets.reading import read_source

TEXT = """\
# mine
budget: {flops: 50G, params: 26M}
space:
  stage_depths:
    C2: 3
  # widths

  kernels:
  - 3
initial:
  - {block: Conv, kernel: 3}
searc
"""


def test_every_key_of_the_schema_is_explained_and_no_other():
    known = all_keys()
    assert set(_SAID) == set(known)
    for key in known.values():
        assert key.meaning and all(value for _, value in facts(key)), key


def test_ranges_and_defaults_are_the_schemas():
    assert facts(explained(["search", "compound"]))[:2] == [
        ("takes", "a number from 0 to 0.9"), ("default", "0"),
    ]  # fmt: skip
    assert explained(["budget", "layers"]).takes == "a whole number from 1 to 10,000, or null"
    assert explained(["forward", "memory"]).default == "2G"
    # what stands as a default is a value that the key takes
    lines: dict[str, list[str]] = {"": []}
    for name, key in all_keys().items():
        if not key.inside and ": " not in key.default and key.default != "no limits":
            section, _, inner = name.rpartition(".")
            lines.setdefault(section, []).append(f"{inner}: {key.default}")
    lines["budget"].remove("layers: null")
    lines["budget"].append("layers: 91")
    sections = [f"{name}: {{{', '.join(inner)}}}" for name, inner in lines.items() if name]
    assert parse("\n".join([*lines[""], *sections])).schedule == Schedule()


def test_the_page_of_keys_is_what_the_program_prints():
    root = Path(__file__).parents[2]
    assert (root / "docs" / "presets.md").read_text("utf-8") == page()


@pytest.mark.parametrize(
    ("row", "column", "path"),
    [
        (0, 0, ()),
        (1, 3, ("budget",)),
        (1, 9, ("budget", "flops")),
        (1, 30, ("budget", "params")),
        (4, 8, ("space", "stage_depths", "C2")),
        (5, 4, ("space",)),
        (6, 0, ()),
        (6, 2, ("space",)),
        (8, 4, ("space", "kernels")),
        (10, 20, ("initial",)),
        (11, 5, ()),
        (12, 0, ()),
    ],
)
def test_the_key_at_a_cursor(row, column, path):
    assert path_at(TEXT.split("\n"), row, column) == path


def test_a_key_that_is_none_is_explained_by_what_is_around_it():
    assert explained(["budget", "flopps"]).name == "budget"
    assert "flops" in facts(explained(["budget"]))[0][1]
    assert explained(["space", "stage_depths", "C2"]).name == "space.stage_depths"
    assert explained(["nonsense"]).inside == explained([]).inside


def test_the_six_numbers_that_people_change():
    preset, text = load("maedet-m"), read_source("maedet-m")[0]
    same = written(preset)
    assert list(same.values()) == ["91G", "", "91", "96000", "256", "0"]
    assert changed(preset, text, same) == (preset, [])
    lines = {**same, "budget.params": "26M", "budget.layers": "", "search.population": "4"}
    found, problems = changed(preset, text, lines)
    assert not problems and found.budget.params == 26_000_000 and found.budget.layers is None
    # of four no more than four can be kept
    assert found.schedule.population == 4 and found.schedule.keep == 4
    for key, typed, said in (
        ("budget.flops", "3x", "FLOPs: '3x' is not a quantity"),
        ("budget.flops", "40G", "the initial structure has 46.9G flops"),
        ("search.seed", "", "seed: is empty"),
        ("search.seed", "-1", "seed: is -1, but must be at least 0"),
        ("search.seed", "[1", "seed: a comma or a ']' is missing"),
        ("search.iterations", "{a: 1}", "iterations: is not a number"),
    ):
        found, problems = changed(preset, text, {**same, key: typed})
        assert said in str(problems[0]), problems
