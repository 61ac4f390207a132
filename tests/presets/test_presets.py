"""The built-in presets say what the paper says, and every preset can be written and read."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.costs import total_cost
from engine.settings import Budget, Forward, Objective, Preset, Schedule, Space
from engine.zoo import ZOO
from maedet_tui.presets import PresetError, builtin_names, builtin_presets, dump, load, parse
from tests.strategies import structures


def test_the_paper_s_settings_are_in_m():
    preset = load("maedet-m")
    assert preset.budget == Budget(91_000_000_000, None, 91, (800, 1280))
    assert preset.objective == Objective(384, (0.0, 0.0, 1.0, 1.0, 6.0), "nominal", "relu")
    assert preset.schedule == Schedule(256, 96_000, 10, 0.5, 0, compound=0.4, trade=0.3)
    assert preset.space == Space(
        blocks=("ResBlock",), kernels=(3, 5), width_step=8, max_width=2048,
        stage_depths=(1, 3, 10, 10, 10), split_above=10,
    )  # fmt: skip
    assert preset.initial == ZOO["initial"].structure
    assert (preset.scorer, preset.device, preset.audit) == ("auto", "auto", True)


@pytest.mark.parametrize("name", ["maedet-s", "maedet-m", "maedet-l"])
def test_the_paper_s_own_structure_fits_the_budget_of_its_preset(name):
    preset = load(name)
    assert preset.name == preset.reference == name
    cost = total_cost(ZOO[name].structure, preset.budget.image_size)
    assert 0.98 * preset.budget.flops < cost.flops <= preset.budget.flops
    assert cost.layers == preset.budget.layers
    for stage, limit in zip(ZOO[name].structure.stages, preset.space.stage_depths, strict=True):
        assert sum(block.depth for block in stage) <= limit
        assert stage[-1].out_channels <= preset.space.max_width


def test_built_in_presets_come_in_order_of_size():
    assert builtin_names()[:3] == ["maedet-s", "maedet-m", "maedet-l"]
    flops = [preset.budget.flops for preset in builtin_presets()[:3]]
    assert flops == sorted(flops)
    assert builtin_names()[3:] == sorted(builtin_names()[3:])


def test_every_number_says_where_it_comes_from():
    for preset in builtin_presets():
        with open(preset.source, encoding="utf-8") as file:
            lines = file.read().splitlines()
        # a scalar, or a list on one line, has its comment beside it; C4 and C5 follow C3
        numbers = [line for line in lines if ": " in line and any(map(str.isdigit, line))]
        bare = [line for line in numbers if "#" not in line and "block:" not in line]
        allowed = ("description", "C4", "C5")
        assert [line for line in bare if not line.strip().startswith(allowed)] == []


def test_what_is_left_out_takes_the_paper_s_defaults():
    preset = parse("budget: {flops: 91G}", name="mine", source="mine.yaml")
    assert preset == Preset(
        "mine", ZOO["initial"].structure, Budget(91_000_000_000), source="mine.yaml"
    )


@pytest.mark.parametrize("name", builtin_names())
def test_a_written_preset_reads_back_equal(name):
    preset = load(name)
    assert replace(parse(dump(preset)), source=preset.source) == preset


@given(
    structures(),
    st.integers(10**12, 10**14),
    st.integers(64_000_000, 10**12),
    st.floats(0, 1),
    st.text(max_size=40).filter(str.isprintable),
)
@settings(max_examples=50, deadline=None)
def test_any_preset_reads_back_equal(initial, flops, memory, fine_at, words):
    preset = Preset(
        name="x" + words,
        initial=initial,
        budget=Budget(flops, flops // 700, 999, (333, 500)),
        objective=Objective(64, (0.0, 0.5, 0.0, 1e-7, 1e9), "log-channels", "none"),
        space=Space(
            blocks=("InvertedBlock", "ResBlock", "BasicBlock"),
            kernels=(1, 3, 5, 7),
            expansions=(2, 4),
            max_width=4096,
            bottleneck_ratio=(0.01, 50.0),
            stage_depths=(2, 12, 12, 12, 12),
            split_above=6,
        ),
        schedule=Schedule(5, 7, 3, fine_at, 2**62, "random", 0.4),
        scorer="forward",
        device="cpu",
        workers=3,
        forward=Forward(9, memory),
        audit=False,
        description=words,
        reference="resnet-50",
    )
    assert replace(parse(dump(preset)), source="") == preset


def test_a_file_is_found_by_its_path_and_named_after_it(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("budget: {params: 26M}\ninitial: resnet-50\n")
    preset = load(path)
    assert preset.name == "mine" and preset.source == str(path)
    assert preset.budget.params == 26_000_000
    assert preset.initial == ZOO["resnet-50"].structure


def test_overrides_go_through_the_same_checks():
    preset = load("maedet-m", {"search.iterations": (50, "--iterations")})
    assert preset.schedule.iterations == 50
    with pytest.raises(PresetError) as caught:
        load(
            "maedet-m",
            {
                "search.iterations": (0, "--iterations"),
                "score.resolution": (100, "--resolution"),
            },
        )
    assert [str(problem) for problem in caught.value.problems] == [
        "--resolution: is 100, but must be a multiple of 32 and at least 64; write 96",
        "--iterations: is 0, but must be at least 1",
    ]


def test_an_override_reaches_a_section_that_the_file_leaves_out():
    preset = parse("budget: {flops: 91G}\nsearch:\n", overrides={"search.seed": (7, "--seed")})
    assert preset.schedule.seed == 7
