"""What the paper prints of its searches, written down here, against presets and tables."""

import pytest

from engine.settings import Budget, Objective, Schedule, Space
from maedet_tui.presets import load, parse
from maedet_tui.reproduce.paper import TABLES

RESIDUAL = ("maedet-s", "maedet-m", "maedet-l", "single-scale", "multi-scale-coarse",
            "zen-score", "synflow", "naswot")  # fmt: skip
MOBILE = ("maedet-mb-s", "maedet-mb-m", "maedet-mb-m-se")

#: the budget of each search: FLOPs, and the authors' limit of layers
BUDGETS = {
    "maedet-s": (49_000_000_000, 79),
    "maedet-m": (91_000_000_000, 91),
    "maedet-l": (153_000_000_000, 109),
    "single-scale": (91_000_000_000, 91),
    "multi-scale-coarse": (91_000_000_000, 91),
    "zen-score": (91_000_000_000, 91),
    "synflow": (91_000_000_000, 91),
    "naswot": (91_000_000_000, 91),
    "maedet-mb-s": (201_000_000, 52),
    "maedet-mb-m": (645_000_000, 52),
    "maedet-mb-m-se": (647_000_000, 52),
}


def test_defaults_are_those_of_appendix_a():
    schedule = Schedule()
    assert schedule.population == 256
    assert schedule.iterations == 96_000
    assert schedule.keep == 10
    assert schedule.fine_at == 0.5
    assert (schedule.strategy, schedule.compound, schedule.trade) == ("evolution", 0.0, 0.0)
    space = Space()
    assert space.kernels == (3, 5)
    assert space.split_above == 10
    assert (space.width_step, space.max_width) == (8, 2048)
    assert space.stage_depths == (1, 3, 10, 10, 10)
    assert space.expansions == (1, 3, 6)
    objective = Objective()
    assert objective.resolution == 384
    assert objective.alphas == (0, 0, 1, 1, 6)
    assert objective.activation == "relu"
    assert Budget().image_size == (800, 1280)


@pytest.mark.parametrize("name", RESIDUAL + MOBILE)
def test_every_preset_searches_as_appendix_a_does(name):
    preset = load(name)
    schedule, space = preset.schedule, preset.space
    assert (schedule.population, schedule.iterations, schedule.keep) == (256, 96_000, 10)
    assert space.kernels == (3, 5) and space.width_step == 8
    # Table 14 has blocks of 12 bottlenecks, so L divides above that
    assert space.split_above == (12 if name == "maedet-l" else 10)
    assert (preset.budget.flops, preset.budget.layers) == BUDGETS[name]
    assert preset.budget.params is None and preset.budget.latency is None
    coarse = name in ("single-scale", "multi-scale-coarse", "zen-score", "synflow", "naswot")
    assert schedule.fine_at == (1 if coarse else 0.5)


@pytest.mark.parametrize("name", RESIDUAL)
def test_searches_of_residual_blocks_see_384_pixels_and_start_from_table_15(name):
    preset = load(name)
    assert preset.objective.resolution == 384 and preset.budget.image_size == (800, 1280)
    rows = [tuple(block)[:7] for block in preset.initial.blocks[:5]]
    assert rows == [
        ("Conv", 3, 3, 64, 2, 0, 1),
        ("ResBlock", 3, 64, 256, 2, 64, 2),
        ("ResBlock", 3, 256, 512, 2, 128, 2),
        ("ResBlock", 3, 512, 1024, 2, 256, 2),
        ("ResBlock", 3, 1024, 2048, 2, 512, 2),
    ]


@pytest.mark.parametrize("name", MOBILE)
def test_mobile_searches_are_those_of_appendix_b(name):
    preset = load(name)
    assert preset.space.blocks == ("InvertedBlock",)
    assert preset.space.expansions == (1, 3, 6)
    assert preset.objective.alphas == (0, 0, 1, 1, 6)
    assert preset.objective.resolution == 320 and preset.budget.image_size == (320, 320)
    inside = {block.se for block in preset.initial.blocks[1:]}
    assert inside == ({32} if name.endswith("-se") else {0})


def test_weights_of_the_scales():
    assert load("single-scale").objective.alphas == (0, 0, 0, 0, 1)
    for name in ("maedet-s", "maedet-m", "maedet-l", "multi-scale-coarse"):
        assert load(name).objective.alphas == (0, 0, 1, 1, 6)


def test_the_widest_structure_of_each_search():
    assert [load(name).space.max_width for name in RESIDUAL[:3]] == [2048, 2048, 2400]


def test_quantities_in_a_preset_are_powers_of_ten():
    budget = parse("budget: {flops: 91G, params: 26M}", name="x", source="x.yaml").budget
    assert (budget.flops, budget.params) == (91_000_000_000, 26_000_000)


#: row, FLOPs, params, AP_val
PRINTED = {
    "table1": """
        ResNet-50   83.6G  23.5M 44.7
        ResNet-101  159.5G 42.4M 46.3
        MAE-DET-S   48.7G  21.2M 44.7
        MAE-DET-M   89.9G  25.8M 46.8
        MAE-DET-L   152.9G 43.9M 47.6
    """,
    "table6": """
        MAE-DET-MB-S    201M 0.6M 15.9
        MAE-DET-MB-M    645M 2.0M 22.2
        MAE-DET-MB-M-SE 647M 2.3M 22.6
    """,
    "table8": """
        1:1:1 84.4G 11.5M 37.4
        1:1:2 84.8G 13.4M 37.8
        1:1:4 85.9G 17.2M 38.6
        1:1:6 88.7G 29.4M 39.4
        1:1:8 89.9G 31.7M 39.4
        1:4:1 86.3G 10.9M 35.7
        4:1:1 86.1G 11.1M 33.9
    """,
    "table9": """
        ResNet-50 84G 23.5M 38.0
        SynFlow   90G 67.4M 35.6
        NASWOT    88G 28.1M 36.7
        Zen-NAS   91G 67.9M 38.1
        MAE-DET   89G 25.8M 39.4
    """,
}


@pytest.mark.parametrize("name", PRINTED)
def test_rows_are_quoted_as_printed(name):
    rows = [[row.label, row.flops, row.params, f"{row.ap:.1f}"] for row in TABLES[name].rows]
    assert rows == [line.split() for line in PRINTED[name].strip().splitlines()]


def test_table_4_is_quoted_as_printed():
    rows = [(row.flops, row.params, row.ap) for row in TABLES["table4"].rows]
    assert rows == [
        ("83.6G", "23.5M", 38.0),
        ("4.4G at 224", "67.9M", 38.1),
        ("4.4G at 224", "60.1M", 38.8),
        ("4.3G at 224", "29.4M", 39.4),
        ("4.4G at 224", "25.8M", 40.0),
    ]


def test_each_ratio_of_table_8_is_searched_with_its_weights():
    alphas = {row.label: row.alphas for row in TABLES["table8"].rows}
    assert alphas == {
        "1:1:1": (0, 0, 1, 1, 1),
        "1:1:2": (0, 0, 1, 1, 2),
        "1:1:4": (0, 0, 1, 1, 4),
        "1:1:6": (0, 0, 1, 1, 6),
        "1:1:8": (0, 0, 1, 1, 8),
        "1:4:1": (0, 0, 1, 4, 1),
        "4:1:1": (0, 0, 4, 1, 1),
    }
