"""Nothing that is found in any way lies above a bound."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.costs import total_cost
from engine.optimum.problem import NoOptimum, Problem
from engine.optimum.search import Optimum
from engine.optimum.space import layouts
from engine.optimum.stages import Stages
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution, exceeded
from engine.search.sampling import Sampler
from engine.settings import Budget, Objective, Preset, Schedule, Space
from engine.snapshot import gap_to
from engine.structure import Structure
from engine.zoo import ZOO
from maedet_tui.presets import load
from tests.engine.optimum.every_structure import best_of, small_presets
from tests.engine.search.test_space import WITH_POOL

CHECKS = list(HealthCheck)
INITIAL = ZOO["initial"].structure
SMALL = Space(kernels=(3, 5), width_step=16, stage_depths=(1, 2, 2, 3, 2))
BUDGET = Budget(flops=90_000_000_000, layers=40)
PRESETS = {
    "plain": Preset("plain", INITIAL, BUDGET, space=SMALL),
    "area": Preset("area", INITIAL, BUDGET, Objective(size="area"), SMALL),
    "log-channels": Preset(
        "log", INITIAL, BUDGET, Objective(size="log-channels", activation="none"), SMALL
    ),
    "params too": Preset("params", INITIAL, replace(BUDGET, params=24_000_000), space=SMALL),
    "a pooling, two blocks": Preset(
        "pooled",
        WITH_POOL,
        replace(BUDGET, flops=120_000_000_000, layers=43),
        space=replace(SMALL, stage_depths=(1, 2, 4, 2, 2), kernels=(3,)),
    ),
    "ratios": Preset("ratios", INITIAL, BUDGET, space=replace(SMALL, bottleneck_ratio=(0.2, 0.3))),
    "two kinds": Preset(
        "kinds", INITIAL, BUDGET, space=replace(SMALL, blocks=("ResBlock", "BasicBlock"))
    ),
}


@pytest.mark.parametrize("name", PRESETS)
def test_neither_an_evolution_nor_random_draws_come_above_the_bound(name):
    preset = replace(PRESETS[name], schedule=Schedule(32, 1500, 8, compound=0.4, trade=0.3, seed=1))
    scorer, rng = ClosedForm(preset.objective), Random(0)
    sampler = Sampler(preset.space, preset.initial)
    drawn = [sampler.draw(rng) for _ in range(300)]
    drawn = [one for one in drawn if exceeded(total_cost(one), preset.budget) is None]
    found = [score.z for score in scorer.score(drawn)]
    evolution = Evolution(preset)
    while proposals := evolution.ask():
        evolution.tell(zip(proposals, scorer.score([one.structure for one in proposals])))
    best = evolution.best.score.z
    found.append(best)
    optimum = Optimum(preset)
    while optimum.step():  # at each moment
        assert max(found) <= optimum.bound
    assert max(found) <= optimum.bound == optimum.best.score.z
    assert exceeded(total_cost(optimum.best.structure), preset.budget) is None
    assert gap_to(optimum.bound, best) < 0.6  # the evolution is short, and it is one of the same


@settings(max_examples=8, deadline=None, suppress_health_check=CHECKS)
@given(small_presets(), st.floats(0, 3))
def test_the_bound_on_all_skeletons_at_once_holds_at_any_multipliers(small, share):
    preset, structures = small
    best = best_of(preset, structures)
    if best is None:
        return
    stages = Stages(preset, next(layouts(preset)))
    for price in (0.0, share, share * best[0]):
        bound = stages.bound(np.full(len(stages.budgets), price))
        assert bound >= best[0]


def test_the_bound_on_all_skeletons_at_once_is_near():
    preset = PRESETS["plain"]
    optimum = Optimum(preset)
    while optimum.step():
        pass
    together = min(optimum.problem.together(np.array([price])) for price in range(60, 300, 20))
    assert optimum.best.score.z < together < 1.01 * optimum.best.score.z


@pytest.mark.parametrize("most", [0, 20])
def test_too_many_skeletons_have_a_bound_and_a_structure(most, monkeypatch):
    monkeypatch.setattr("engine.optimum.problem.MOST_SKELETONS", most)
    monkeypatch.setattr("engine.optimum.search.EVOLVED", 1500)
    divided = replace(SMALL, split_above=2, kernels=(3,), stage_depths=(1, 2, 2, 4, 2))
    preset = replace(PRESETS["plain"], space=divided)
    optimum = Optimum(preset)
    while optimum.step():
        pass
    found = optimum.certificate
    assert not found.trivial and not found.proven and found.skeletons <= most
    assert found.best.score.z < found.bound < 1.5 * found.best.score.z
    assert "too many skeletons" in found.notes[0]


@settings(max_examples=8, deadline=None, suppress_health_check=CHECKS)
@given(small_presets(sizes=("nominal", "area", "log-channels", "volume"), limited=False))
def test_the_trivial_bound_holds(small):
    preset, structures = small
    assert Problem(preset).trivial_bound() >= best_of(preset, structures)[0]


@pytest.mark.parametrize("name", ["zen-score", "naswot-closed-form"])
def test_proxies_have_no_bound(name):
    with pytest.raises(NoOptimum, match="no optimum is known"):
        Problem(replace(PRESETS["plain"], scorer=name))


def test_an_impossible_budget_is_said_at_once_with_the_smallest_cost():
    for budget, said in (
        (Budget(layers=12), "smallest has 13 layers"),
        (Budget(params=1000), "smallest has .* params"),
        (Budget(flops=1000, layers=12), "smallest has 13 layers"),
    ):
        with pytest.raises(NoOptimum, match=said):
            Problem(replace(PRESETS["plain"], budget=budget))


def test_an_initial_structure_outside_its_space_is_refused():
    for space in (
        replace(SMALL, stage_depths=(1, 1, 2, 3, 2)),
        replace(SMALL, max_width=1024),
        replace(SMALL, kernels=(5,)),
        replace(SMALL, width_step=48),
        replace(SMALL, bottleneck_ratio=(0.5, 1)),
    ):
        with pytest.raises(NoOptimum, match="outside its space"):
            Problem(replace(PRESETS["plain"], space=space))


def test_numbers_at_the_edge():
    space = Space(kernels=(3,), width_step=64, max_width=64, stage_depths=(1, 1, 1, 1, 1))
    thin = [block._replace(out_channels=64, depth=1) for block in INITIAL.blocks]
    thin = [block._replace(in_channels=64, bottleneck=64) for block in thin[1:]]
    initial = Structure((INITIAL.blocks[0], *thin))
    preset = Preset("edge", initial, Budget(layers=13), Objective(alphas=(0, 0, 0, 0, 1)), space)
    optimum = Optimum(preset)
    while optimum.step():
        pass
    assert optimum.certificate.proven and optimum.certificate.skeletons == 1
    assert optimum.best.structure.widths == (64,) * 5


def test_a_step_is_short_since_an_interrupt_waits_for_it():
    # 45,200 skeletons, each bounded four times under `volume`
    preset = load("maedet-s")
    optimum = Optimum(replace(preset, objective=replace(preset.objective, size="volume")))
    looked_at = [0]
    while optimum.step() and optimum.looked_at < 6000:
        looked_at.append(optimum.looked_at)
    steps = [after - before for before, after in pairwise(looked_at)]
    assert 0 < max(steps) <= 2048
