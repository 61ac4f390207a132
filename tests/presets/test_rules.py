"""The rules that a preset may add, `auto`, and what is said of those that cannot be."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.costs import total_cost
from engine.search.beginning import beginning
from engine.search.evolution import Evolution, exceeded
from engine.search.rules import Rules, effectiveness, map_memory
from engine.settings import Budget, Space
from engine.structure import Block
from engine.zoo import ZOO
from maedet_tui.presets import PresetError, dump, load, parse
from maedet_tui.presets.auto import layers_for, max_width, stage_depths
from maedet_tui.presets.glance import rules

RULED = """
budget:
  flops: 10G
  flops_min: 8G
  params_min: 500K
  layers: 49
  effectiveness: 0.4
  memory: 150M
space:
  monotone_widths: true
  max_expansion: 4
  widths: {C1: [16, 64], C5: [256, null]}
  stage_depths: auto
  max_width: auto
initial: auto
search: {iterations: 2000, population: 16, keep: 4, compound: 0.4, trade: 0.3}
"""


def searched(preset):
    """Every structure that a search scores."""
    from engine.scorers.closed_form import ClosedForm

    evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
    while proposals := evolution.ask(8):
        scores = scorer.score([one.structure for one in proposals])
        evolution.tell(zip(proposals, scores))
        yield from (one.structure for one in proposals)


@pytest.mark.parametrize("strategy", ["evolution", "random"])
def test_every_structure_of_a_search_keeps_to_every_rule(strategy):
    text = RULED.replace("iterations:", f"strategy: {strategy}, iterations:")
    preset = parse(text, source="x", name="x")
    kept = Rules(preset.space, preset.budget)
    found = list(searched(preset))
    for one in found:
        cost = total_cost(one, preset.budget.image_size)
        outputs = [block.out_channels for block in one.blocks]
        assert outputs == sorted(outputs)
        assert all(b <= 4 * a for a, b in itertools.pairwise(outputs))
        assert 16 <= outputs[0] <= 64 and outputs[-1] >= 256
        assert 8e9 <= cost.flops <= 10e9 and cost.params >= 500_000
        assert effectiveness(one.blocks) <= 0.4 and map_memory(one.blocks, (800, 1280)) <= 150e6
        assert kept.broken(one.blocks, cost) is None
    if strategy == "evolution":
        assert len(found) > 200


def test_a_preset_with_rules_reads_back_as_it_was_written():
    preset = parse(RULED, source="", name="ruled")
    again = parse(dump(preset), source="", name="ruled")
    assert again == preset
    assert rules(preset) == (
        "widths never fall, rise at most 4 times a block, each stage has its range of widths, "
        "at least 8G FLOPs, at least 500K params, effectiveness at most 0.4, maps of an image in "
        "150MB"
    )
    assert rules(load("maedet-m")) == ""


def test_auto_is_the_authors_rule_where_they_have_one():
    assert stage_depths(91) == (1, 3, 10, 10, 10)
    assert stage_depths(109) == (1, 3, 12, 12, 12)
    assert stage_depths(8) == (1, 1, 1, 1, 1)
    # M's own width, and L's within 1 %
    assert max_width(91e9, 91, (800, 1280), 8) == 2048
    assert max_width(153e9, 109, (800, 1280), 8) == 2424
    # the same network at a quarter of the pixels
    assert max_width(91e9 / 4, 91, (400, 640), 8) == 2048
    assert [layers_for(g * 1e9, (800, 1280), mobile=False) for g in (49, 91, 153)] == [76, 91, 106]


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("space: {stage_depths: auto}\nbudget: {flops: 91G}", "space.stage_depths",
         "goes by budget.layers"),
        ("space: {max_width: auto}\nbudget: {layers: 91}", "space.max_width",
         "goes by budget.flops"),
        ("space: {max_width: automatic}\nbudget: {flops: 91G}", "space.max_width",
         "a whole number"),
        ("budget: {flops: 91G, flops_min: 92G}", "budget.flops_min", "over budget.flops 91G"),
        ("budget: {flops: 91G, params_min: 90M}", "initial", "below budget.params_min 90M"),
        ("budget: {flops: 91G, memory: 1M}", "initial", "over budget.memory 1M"),
        ("budget: {flops: 91G, effectiveness: 0.001}", "initial", "over budget.effectiveness"),
        ("budget: {flops: 91G}\nspace: {max_expansion: 2}", "initial",
         "from 64 to 256 channels, against space.max_expansion"),
        ("budget: {flops: 91G}\nspace: {widths: {C3: [513, 519]}}", "space.widths.C3",
         "leaves no multiple"),
        ("budget: {flops: 91G}\nspace: {widths: {C3: [512]}}", "space.widths.C3", "two widths"),
        ("budget: {flops: 91G}\nspace: {widths: {C3: [512, null], C4: [8, 64]}, "
         "monotone_widths: true}", "space.widths.C4", "monotone_widths leaves nothing"),
        ("budget: {flops: 91G}\nspace: {widths: {C3: [8, 16], C4: [128, 256]}, max_expansion: 2}",
         "space.widths.C4", "max_expansion leaves nothing"),
        ("budget: {flops: 1M}\ninitial: auto", "initial", "no small structure was found"),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_are_refused_with_what_to_write(text, key, said):
    with pytest.raises(PresetError) as caught:
        parse(text, source="x", name="x")
    assert any(one.key == key and said in one.message for one in caught.value.problems)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(0.5, 200), st.sampled_from([(800, 1280), (640, 640), (320, 320)]),
    st.sampled_from([("ResBlock",), ("InvertedBlock",), ("BasicBlock", "ResBlock")]),
    st.floats(0, 0.9), st.booleans(),
)  # fmt: skip
def test_there_is_a_beginning_for_any_budget(gflops, size, kinds, band, rising):
    flops = int(gflops * 1e9)
    budget = Budget(flops=flops, image_size=size, layers=43, flops_min=int(band * flops))
    wide = max_width(flops, 43, size, 8)
    space = Space(blocks=kinds, max_width=wide, monotone_widths=rising, max_expansion=4.0,
                  stage_depths=stage_depths(43))  # fmt: skip
    found = beginning(space, budget)
    assert found is not None
    cost = total_cost(found, size)
    assert exceeded(cost, budget) is None
    assert Rules(space, budget).broken(found.blocks, cost) is None


def test_memory_counts_what_is_held_at_once():
    stem = Block("Conv", 3, 3, 8, 2)
    assert map_memory((stem,), (32, 32)) == 4 * (3 * 32 * 32 + 8 * 16 * 16)
    # a projected unit: its input is kept to the end, beside the output of both paths
    wide = Block("ResBlock", 3, 8, 64, 1, 8, 1)
    assert map_memory((wide,), (16, 16)) == 4 * 256 * (8 + 64 + 64)
    # a pair on one half of 128: what comes in waits for the other half, the 64 of the pair for
    # its sum, and its second convolution is two, of 8 channels each
    halves = Block("CSPK1KXBlock", 3, 128, 128, 1, 8, 1)
    assert map_memory((halves,), (16, 16)) == 4 * 256 * (128 + 64 + 8 + 64 + 64)
    # without pairs to speak of, the halves and the map of both are most: 2 x 1024 of 32 channels
    pooled = Block("SPP", 5, 32, 32, 1)
    assert map_memory((pooled,), (16, 16)) == 4 * 256 * 2 * (4 * 16)


def test_effectiveness_is_layers_over_the_mean_of_fan_ins():
    assert effectiveness(ZOO["resnet-50"].structure.blocks) == pytest.approx(0.0868, rel=1e-3)
    one = Block("Conv", 3, 4, 8, 2)
    assert effectiveness((one,)) == pytest.approx(1 / 36)
