"""A preset for any budget, what it comes to, and advice on what it would prevent."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.costs import total_cost
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution, exceeded
from engine.search.rules import Rules
from engine.snapshot import Bound, Worth
from maedet_tui.presets import PresetError, advice, load, trial
from maedet_tui.presets.new import FEWEST_LAYERS, NotPossible, Wishes, parsed, proposed

PAPER, SQUARE, SMALL = (800, 1280), (640, 640), (320, 320)


def winner(preset):
    """The best of the preset's own search, in closed form."""
    evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
    while proposals := evolution.ask(8):
        scores = scorer.score([one.structure for one in proposals])
        evolution.tell(zip(proposals, scores, strict=True))
    return evolution.best


def passes(wishes, best_of=winner):
    """The winner of the preset for a budget keeps to every limit, and needs no advice."""
    proposal = proposed(wishes)
    preset = proposal.preset
    assert proposal.range[0] <= wishes.flops <= proposal.range[1]
    assert advice.of_preset(preset) == []
    best = best_of(preset)
    assert exceeded(best.cost, preset.budget) is None
    assert Rules(preset.space, preset.budget).broken(best.structure.blocks, best.cost) is None
    assert advice.of_structure(best.structure, preset) == [], best.structure


def grid():
    """60 budgets that make sense: both spaces, three image sizes, three depths."""
    for like, (size, area) in product(
        ("resnet", "mobile"), ((PAPER, 1.0), (SQUARE, 0.4), (SMALL, 0.1))
    ):
        budgets = (1, 10, 48, 200) if like == "resnet" else (1, 3, 10)
        for gflops, more in product(budgets, (-6, 0, 6)):
            flops = int(gflops * area * 1e9)
            usual = proposed(Wishes(flops, None, None, size, like)).preset.budget.layers
            yield Wishes(flops, None, max(FEWEST_LAYERS, usual + more), size, like)


@pytest.mark.nightly
@pytest.mark.parametrize("wishes", list(grid()), ids=str)
def test_the_winner_of_a_new_preset_needs_no_advice_on_a_grid_of_budgets(wishes):
    passes(wishes)


def test_the_grid_has_sixty_budgets():
    assert len(list(grid())) >= 60


@pytest.mark.parametrize("wishes", [
    Wishes(1_000_000_000), Wishes(3_000_000_000, like="resnet"),
    Wishes(4_000_000_000, image_size=SQUARE, like="resnet"),
    Wishes(200_000_000, image_size=SMALL),
], ids=str)  # fmt: skip
def test_the_winner_of_a_new_preset_needs_no_advice(wishes):
    passes(wishes, trial.found)


@pytest.mark.nightly
@settings(max_examples=25, deadline=None)
@given(st.floats(1, 200), st.sampled_from([PAPER, SQUARE, SMALL]), st.booleans())
def test_the_winner_of_any_budget_needs_no_advice(gflops, size, mobile):
    area = size[0] * size[1] / (800 * 1280)
    most = 20 if mobile else 200
    flops = int(min(gflops, most) * area * 1e9)
    passes(Wishes(flops, image_size=size, like="mobile" if mobile else "resnet"))


def test_what_is_given_is_kept_and_the_rest_is_explained():
    proposal = proposed(Wishes(10**10, 2_000_000, 49, SQUARE, "maedet-m"), "mine")
    preset = proposal.preset
    assert (preset.name, preset.budget.flops, preset.budget.params) == ("mine", 10**10, 2_000_000)
    assert preset.budget.layers == 49 and preset.budget.image_size == SQUARE
    assert preset.objective == load("maedet-m").objective
    why = {key: (value, reason) for key, value, reason in proposal.reasons}
    assert why["budget.layers"] == ("49", "as given")
    assert why["score.size"] == ("nominal", "as in maedet-m")
    assert why["space.blocks"] == ("ResBlock", "as in maedet-m")


def test_below_a_few_gflops_the_mobile_space_is_proposed():
    small, large = (proposed(Wishes(flops)).preset for flops in (3 * 10**9, 10**10))
    assert small.space.blocks == ("InvertedBlock",) and large.space.blocks == ("ResBlock",)
    # the same network at a tenth of the pixels
    few = proposed(Wishes(10**9, image_size=SMALL)).preset
    assert few.space.blocks == ("ResBlock",)


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (Wishes(1000), "are too few for 25 layers: write from"),
        (Wishes(10**12, layers=31), "need stages wider than 4096 in 31 layers"),
        (Wishes(10**10, layers=19), "19 layers leave some level"),
        (Wishes(10**10, params=100), "or more params"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_with_one_that_does(wishes, said):
    with pytest.raises(NotPossible, match=said):
        proposed(wishes)


def test_budgets_are_read_as_people_write_them():
    assert parsed("3G", "2M", None, "640x480", "mobile") == Wishes(
        3 * 10**9, 2 * 10**6, None, (480, 640), "mobile"
    )
    for text, said in (("3x", "'3x' is not a quantity"), ("0", "at least 1")):
        with pytest.raises(NotPossible, match=said):
            parsed(text, None, None, "640x480", None)
    with pytest.raises(PresetError, match="no such preset"):
        proposed(Wishes(10**10, like="maedet-q"))


def test_advice_names_what_nobody_would_train_and_the_key_against_it():
    preset = load("maedet-m")
    structure = preset.initial
    stem, c2, c3, c4, c5 = structure.blocks
    starved = structure._replace(
        blocks=(stem, c2, c3, c4._replace(bottleneck=8),
                c5._replace(out_channels=104, bottleneck=64, depth=1))
    )  # fmt: skip
    said = " ".join(advice.of_structure(starved, preset, gap=0.02))
    for words in (
        "C5 is narrower than C4 (104 channels after 1024); space.monotone_widths: true",
        "C5, which a detector reads, has a single block",
        "a bottleneck of C4 has 8 channels beside an output of 1024; space.bottleneck_ratio",
        "of budget.flops is used",
        "of 91 layers are used",
        "2.0 % below the optimum",
    ):
        assert words in said
    # only a bound that some structure reaches says that the best is far from it
    bound = Bound(100.0, 98.0)
    assert advice.known_gap(bound) is advice.known_gap(None) is None
    known = advice.known_gap(replace(bound, worth=(Worth("flops", 10, 1.0, 1.0),)))
    assert known == pytest.approx(0.02)
    tight = replace(preset.space, max_width=1024, stage_depths=(1, 2, 2, 4, 10))
    said = " ".join(advice.of_structure(c5_of(structure, 1024), replace(preset, space=tight)))
    assert "as wide as space.max_width 1024 lets it be; `max_width: auto` is 2048" in said
    assert "C3 is as deep as space.stage_depths.C3 2 lets it be; `stage_depths: auto` is 10" in said


def c5_of(structure, width):
    *others, last = structure.blocks
    return structure._replace(blocks=(*others, last._replace(out_channels=width)))


def test_advice_on_m_with_another_budget_typed_over_its_own():
    preset = load("maedet-m")
    budget = replace(preset.budget, flops=3 * 10**9, layers=37)
    said = advice.of_preset(replace(preset, budget=budget))
    assert [".".join(one.key) for one in said] == [
        "space.stage_depths", "space.max_width", "score.size", "space.monotone_widths"
    ]  # fmt: skip
    assert "allow 10 blocks in a stage of 12 in all" in said[0].message


@pytest.mark.parametrize("name", ["maedet-s", "maedet-m", "maedet-l"])
def test_the_papers_presets_and_structures_need_no_advice(name):
    from engine.zoo import ZOO

    preset, structure = load(name), ZOO[name].structure
    assert advice.of_preset(preset) == []
    cost = total_cost(structure, PAPER)
    assert cost.flops > 0.95 * preset.budget.flops
    assert advice.of_structure(structure, preset) == []
