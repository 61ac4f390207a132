"""The ladder: presets for budgets that people have, as `presets new` writes them."""

from pathlib import Path

import pytest

from benchmarks import ladder
from maedet_tui.presets import advice, load
from maedet_tui.presets.folder import builtin_file, builtin_names, ladder_names, trainable_names
from maedet_tui.presets.new import Wishes, proposed

NAMES = ladder_names()


def test_the_steps_of_the_ladder():
    assert NAMES == [
        "mobile-1g", "mobile-3g", "mobile-5g", "resnet-3g", "resnet-5g", "resnet-10g",
        "resnet-20g", "resnet-48g", "resnet-91g", "resnet-153g",
    ]  # fmt: skip
    assert not set(NAMES) & set(builtin_names())


@pytest.mark.parametrize("name", NAMES)
def test_each_step_is_what_presets_new_writes_and_needs_no_advice(name):
    like, _, gflops = name.partition("-")
    wishes = Wishes(int(gflops.removesuffix("g")) * 10**9, like=like)
    assert builtin_file(name).read_text("utf-8") == proposed(wishes).text
    assert advice.of_preset(load(name)) == []


def test_the_page_has_the_networks_as_the_command_prints_them():
    page = (Path(__file__).parents[2] / "docs" / "budgets.md").read_text("utf-8")
    assert "\n".join(ladder.networks()) in page
    rows = {row.split(" | ")[0]: row for row in page.splitlines() if row.startswith("| ")}
    for name in NAMES:
        assert rows[f"| {name}"].endswith(" | ".join(ladder.beside(load(name))) + " |")


@pytest.mark.nightly
@pytest.mark.parametrize("name", NAMES)
def test_the_winner_of_each_step_needs_no_advice_and_is_near_the_optimum(name):
    from dataclasses import replace

    from engine.optimum.search import certified
    from tests.presets.test_new import winner

    preset = load(name)
    bound = certified(preset, 60).bound
    for seed in range(5):
        best = winner(replace(preset, schedule=replace(preset.schedule, seed=seed)))
        assert advice.of_structure(best.structure, preset) == []
        assert best.score.z > 0.999 * bound


@pytest.mark.parametrize("name", trainable_names())
def test_presets_to_train_are_what_presets_new_writes(name):
    like, flops, size = name.split("-")
    side = int(size.partition("x")[0])
    wishes = Wishes(int(flops.removesuffix("m")) * 10**6, image_size=(side, side), like=like)
    assert builtin_file(name).read_text("utf-8") == proposed(wishes).text
    assert load(name).name == name
