"""Presets for the budgets and spaces of other papers, and the structures beside them."""

import pytest

from engine.costs import total_cost
from engine.formats import structure_info
from engine.published import KNOWN, PUBLISHED
from engine.scorers.closed_form import ClosedForm
from engine.search.rules import Rules, effectiveness
from engine.zoo import ZOO
from maedet_tui.presets import load
from maedet_tui.presets.folder import builtin_names, further_names, ladder_names
from maedet_tui.presets.within_space import breaches
from tests.engine.formats.test_published import damo

NAMES = ("deepmad-29m", "deepmad-r18", "r50-like", "regnetx-800mf")
YOLO = "yolo-5g"
#: parameters without a classifier, as the authors' own code builds them; those of RegNet are
#: torchvision's 7,259,656 less a classifier of 673,000
PARAMS = {
    "deepmad-r18": 11_153_088,
    "r50-like": 18_474_592,
    "deepmad-29m": 26_876_956,
    "regnetx-800mf": 7_259_656 - 673_000,
}
#: FLOPs that are printed, at 224x224
FLOPS = {"deepmad-r18": 1.82e9, "r50-like": 3.6e9, "deepmad-29m": 4.5e9, "regnetx-800mf": 0.8e9}


def test_they_stand_behind_the_ladder_and_not_on_the_home_screen():
    trainable = ["mobile-20m-128x128", "resnet-50m-128x128"]
    assert further_names() == [*ladder_names(), *NAMES, YOLO, *trainable]
    assert not set(NAMES) & set(builtin_names())
    assert not set(PUBLISHED) & set(ZOO) and set(KNOWN) == {*ZOO, *PUBLISHED}


@pytest.mark.parametrize("name", NAMES)
def test_the_published_structure_is_within_the_budget_that_it_was_found_under(name):
    preset, structure = load(name), PUBLISHED[name].structure
    assert preset.reference == name and preset.budget.image_size == (224, 224)
    cost = total_cost(structure, (224, 224))
    assert cost.params == PARAMS[name] <= preset.budget.params
    assert FLOPS[name] == pytest.approx(cost.flops, rel=0.02) and cost.flops <= preset.budget.flops
    assert Rules(preset.space, preset.budget).broken(structure.blocks, cost) is None
    # theirs was scaled to widths that are no multiples of 8 after the search
    odd = [one for one in breaches(preset.space, structure) if name != "deepmad-29m"]
    assert odd == []


def test_effectiveness_is_what_the_authors_search_under():
    for name, most in (("deepmad-r18", 0.3), ("deepmad-29m", 0.5)):
        assert load(name).budget.effectiveness == most
        assert 0.99 * most < effectiveness(PUBLISHED[name].structure.blocks) <= most


def test_what_stands_beside_the_yolo_sized_one_is_what_its_code_builds():
    preset, structure = load(YOLO), PUBLISHED["damo-yolo-t"].structure
    assert structure_info.loads(damo("T"), family="res") == structure
    assert preset.reference == "damo-yolo-t"
    assert total_cost(structure, preset.budget.image_size).flops <= preset.budget.flops


@pytest.mark.nightly
@pytest.mark.parametrize("name", [*NAMES, YOLO])
def test_a_search_ends_above_the_published_structure(name):
    from tests.presets.test_new import winner

    preset = load(name)
    best = winner(preset)
    theirs = ClosedForm(preset.objective).score([PUBLISHED[preset.reference].structure])[0].z
    print(f"{name}: {best.score.z:.2f} against {theirs:.2f}, {best.cost}, {best.structure}")
    assert best.score.z > theirs
    assert Rules(preset.space, preset.budget).broken(best.structure.blocks, best.cost) is None
    assert list(breaches(preset.space, best.structure)) == []
