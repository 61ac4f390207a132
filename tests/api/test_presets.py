"""Presets made in Python pass the checks of files, and say the same of what is wrong."""

import json
import pickle
import re
from dataclasses import replace

import numpy as np
import pytest

from engine.settings import Budget, Schedule
from engine.settings import Preset as EnginePreset
from engine.zoo import ZOO
from maedet_tui import PresetError, design, preset
from maedet_tui.presets import dump, load, parse
from tests.api.test_designs import Printer


def problems(*args, **sections):
    with pytest.raises(PresetError) as caught:
        preset(*args, **sections)
    return [str(problem) for problem in caught.value.problems]


def test_a_name_a_file_and_ones_own(own_presets, tmp_path):
    assert preset("maedet-m") == load("maedet-m")
    (own_presets / "mine.yaml").write_text("budget: {flops: 91G}\n")
    assert preset("mine").budget == Budget(91_000_000_000)
    assert preset(own_presets / "mine.yaml").name == "mine"


def test_without_a_file_the_rest_are_the_paper_s_defaults():
    made = preset(
        name="narrow",
        budget={"flops": "30G", "layers": 80, "image_size": "640x480"},
        space={"kernels": (5, 3), "stage_depths": {"C4": 12}},
        initial="maedet-s",
        search={"iterations": 500},
    )
    assert made.name == "narrow" and made.source == ""
    assert made.budget == Budget(30_000_000_000, None, 80, (480, 640))
    assert made.space.kernels == (5, 3) and made.space.stage_depths == (1, 3, 10, 12, 10)
    assert made.schedule == Schedule(iterations=500)
    assert made.initial == ZOO["maedet-s"].structure


def test_other_values_in_place_of_a_preset_s():
    m = preset("maedet-m")
    changed = preset(m, budget={"flops": "60G"}, search={"seed": np.int64(3)})
    assert changed == preset("maedet-m", budget={"flops": "60G"}, search={"seed": 3})
    assert changed.budget.layers == m.budget.layers
    assert changed.schedule == replace(m.schedule, seed=3)
    assert preset(m) is m and preset(load("maedet-m")) == m
    # the engine's own, changed by its own means
    assert preset(replace(load("maedet-m"), audit=False)).audit is False


@pytest.mark.parametrize("kind", ["structure", "design", "rows"])
def test_an_initial_structure_in_python(kind):
    rows = [
        {"block": "Conv", "kernel": 3, "in": 3, "out": 16, "stride": 2},
        *(
            {"block": "ResBlock", "kernel": 3, "in": width, "out": 2 * width, "stride": 2,
             "bottleneck": 8, "depth": np.int32(1)}
            for width in (16, 32, 64, 128)
        ),
    ]  # fmt: skip
    plain = [{key: value if isinstance(value, str) else int(value) for key, value in row.items()}
             for row in rows]  # fmt: skip
    small = design(plain)
    given = {"structure": small.structure, "design": small, "rows": tuple(rows)}[kind]
    assert preset(budget={"flops": "30G"}, initial=given).initial == small.structure


def test_every_problem_in_the_words_of_a_file():
    wrong = {"budget": {"flops": "91 giga", "layers": 0}, "space": {"kernel": [3]},
             "scorer": "forwrd"}  # fmt: skip
    with pytest.raises(PresetError) as caught:
        parse(json.dumps(wrong))
    in_a_file = [f"{problem.key}: {problem.message}" for problem in caught.value.problems]
    assert problems(**wrong) == in_a_file
    assert in_a_file == [
        "budget.flops: '91 giga' is not a quantity; "
        "write a whole number such as 91G, 25.8M or 1500000",
        "budget.layers: is 0, but must be at least 1",
        "space.kernel: is not a known key; did you mean kernels?",
        "scorer: is 'forwrd'; did you mean forward?",
    ]


def test_problems_name_the_key_and_not_a_line_of_a_file_that_is_not_there():
    (told,) = problems("maedet-m", search={"population": 4})  # the file says what to keep
    assert re.fullmatch(r".*maedet-m.yaml:\d+: search.keep: is 10, but .*; write at most 4", told)
    assert problems() == [
        "budget: limits nothing; write flops (such as 91G), params (such as 26M), "
        "layers (such as 91) or latency (such as 25ms)"
    ]
    wrong = [{"block": "Conv", "kernel": 3, "in": 3, "out": "wide", "stride": 2}]
    assert problems("maedet-m", initial=wrong) == [
        "initial[1].out: is 'wide', but must be a whole number"
    ]


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"iterations": 5}, "iterations: belongs to search; write search={'iterations': 5}"),
        ({"flops": "9G"}, "flops: belongs to budget; write budget={'flops': '9G'}"),
        ({"budgett": {}}, "budgett: is not a known key; did you mean budget?"),
        ({"search": 5}, "search: is 5, but must be a mapping of keys"),
        ({"scorer": {"name": "auto"}}, "scorer: is {'name': 'auto'}"),
        ({"initial": {"block": "Conv"}}, "initial: must be auto, a zoo name such as initial"),
        ({"score": {"alphas": np.ones(3)}}, "score.alphas: has 3 numbers, but must have 5"),
        ({"audit": None, "device": "gpu"}, "device: is 'gpu'; use one of auto, cpu, cuda"),
    ],
)
def test_what_cannot_be_used_is_refused(sections, told):
    assert problems("maedet-m", **sections)[0].startswith(told)


def test_an_unknown_name_is_told_with_the_nearest():
    (told,) = problems("maedet-n")
    assert told.startswith("maedet-n: no such preset; did you mean maedet-s?")


def test_a_preset_shows_itself_as_a_file_and_survives_copies():
    m = preset("maedet-m")
    assert parse(str(m)) == replace(m, source="preset")
    assert Printer(m).said == str(m) == dump(load("maedet-m"))
    assert pickle.loads(pickle.dumps(m)) == m and hash(m) == hash(load("maedet-m"))
    assert load("maedet-m") == m and m != load("maedet-s") and m != "maedet-m"
    assert isinstance(m, EnginePreset)
