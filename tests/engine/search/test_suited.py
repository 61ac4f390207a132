"""A population that suits T, and trades that balance a child against its budgets."""

from dataclasses import replace
from random import Random

import pytest

from engine.checks import check
from engine.costs import total_cost
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution, exceeded
from engine.search.mutation import Mutator
from engine.search.trade import Trader
from engine.settings import Schedule
from engine.structure import Structure
from maedet_tui.presets import load


def test_the_number_grows_with_the_root_of_t_and_never_below_what_is_kept():
    sizes = [
        Schedule("auto", t, trade=0.3).capacity for t in (1, 3000, 6000, 12_000, 96_000, 10**9)
    ]
    assert sizes == [10, 10, 12, 18, 50, 64]
    assert Schedule("auto", 6000, keep=20, trade=0.3).capacity == 20
    # without trades, few members are soon alike
    assert Schedule("auto", 6000).capacity == 32
    assert Schedule(40, 6000).capacity == 40


def test_balancing_goes_with_auto_unless_it_is_said():
    assert Schedule("auto").balances and not Schedule().balances
    assert Schedule(balance=True).balances and not Schedule("auto", balance=False).balances


def test_a_large_population_in_a_short_search_is_hurried():
    assert Schedule(256, 6000).hurried and not Schedule(256, 96_000).hurried
    assert not Schedule(256, 6000, strategy="random").hurried
    assert not Schedule("auto", 6000, trade=0.3).hurried


@pytest.mark.parametrize("name", ["maedet-m", "maedet-mb-s"])
@pytest.mark.parametrize("fine", [False, True])
def test_a_balanced_child_keeps_to_its_budgets_and_uses_them_up(name, fine):
    preset = load(name)
    budget, rng = preset.budget, Random(1)
    mutator = Mutator(preset.space)
    trader = Trader(preset.space, budget, mutator, balance=True)
    parent, used, seen = preset.initial, [], set()
    for _ in range(300):
        mutation = mutator.mutate(parent, rng, fine)
        traded = trader.trade(mutation, rng, fine)
        check(traded.structure)
        if traded is not mutation:
            seen.add((traded.field, traded.after > traded.before))
            cost = total_cost(traded.structure, budget.image_size)
            if exceeded(cost, budget) is None:
                parent = traded.structure
                used.append(cost.flops / budget.flops)
    assert sum(used[-50:]) / 50 > 0.95
    assert {("out_channels", True), ("out_channels", False)} <= seen
    assert (("depth", True) in seen) is not fine


def test_a_stage_is_deepened_by_what_the_layers_leave_and_no_further():
    preset = load("maedet-m")
    mutator, rng = Mutator(preset.space), Random(0)
    trader = Trader(preset.space, preset.budget, mutator, balance=True)
    for _ in range(100):
        traded = trader.trade(mutator.mutate(preset.initial, rng, False), rng, False)
        structure: Structure = traded.structure
        assert total_cost(structure).layers <= 91
        for stage, most in zip(structure.stages, preset.space.stage_depths, strict=True):
            assert sum(block.depth for block in stage) <= most


def test_a_short_search_with_auto_ends_within_half_a_percent_of_the_optimum():
    preset = load("maedet-mb-s")
    proven = 623.591  # `docs/optimum.md`
    for seed in (0, 1):
        schedule = replace(preset.schedule, population="auto", iterations=6000, seed=seed)
        short = replace(preset, schedule=schedule)
        evolution, scorer = Evolution(short), ClosedForm(short.objective)
        while proposals := evolution.ask():
            evolution.tell(zip(proposals, scorer.score([p.structure for p in proposals])))
        assert evolution.best.score.z > 0.995 * proven
