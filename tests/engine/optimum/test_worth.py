"""What a budget is worth, against solving again with more of it."""

from dataclasses import replace

import pytest

from engine.optimum.search import Optimum, certified
from engine.optimum.worth import skeleton_bound, worth
from engine.settings import Budget, Preset, Space
from engine.zoo import ZOO

PRESET = Preset(
    "small",
    ZOO["initial"].structure,
    Budget(flops=20_000_000_000, params=6_000_000, layers=31),
    space=Space(kernels=(3,), stage_depths=(1, 2, 3, 4, 3)),
)


@pytest.fixture(scope="module")
def found():
    optimum = Optimum(PRESET)
    while optimum.step():
        pass
    return optimum.certificate


@pytest.mark.parametrize("name", ["flops", "params"])
def test_a_multiplier_is_what_a_larger_budget_gives(name, found):
    structure = found.best.structure
    bound, multipliers = skeleton_bound(PRESET, structure)
    assert bound >= found.best.score.z
    larger = replace(PRESET.budget, **{name: round(1.001 * getattr(PRESET.budget, name))})
    more, _ = skeleton_bound(replace(PRESET, budget=larger), structure)
    assert more - bound == pytest.approx(multipliers[name] / 1000, rel=0.02, abs=1e-4)


def test_what_each_budget_is_worth(found):
    worths = {one.name: one for one in worth(PRESET, found, 60)}
    assert list(worths) == ["flops", "params", "layers"]
    assert worths["flops"].limit == 20_000_000_000 and worths["flops"].more == 200_000_000
    assert worths["flops"].gain > 0 and worths["params"].gain > 0
    deeper = replace(PRESET, budget=replace(PRESET.budget, layers=34))
    gain = certified(deeper, 60).best.score.z - found.best.score.z
    assert worths["layers"].more == 3 and worths["layers"].gain == gain > 0
