"""Trades: what a mutation costs beyond the budget, another block gives."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.blocks import KINDS
from engine.checks import check
from engine.costs import total_cost
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution, exceeded
from engine.search.mutation import Mutator
from engine.search.trade import Trader
from engine.settings import Budget, Preset, Schedule, Space
from engine.structure import Structure
from engine.zoo import ZOO
from maedet_tui.presets import load
from tests.strategies import structures

BUDGET = Budget(flops=91_000_000_000, layers=91)


def changes(mutation):
    """How many fields of blocks a mutation has changed, counted by itself."""
    number = 0
    while mutation is not None:
        number, mutation = number + 1, mutation.earlier
    return number


def first_of(mutation):
    """What a child with a trade began with."""
    while mutation.earlier is not None:
        mutation = mutation.earlier
    return mutation


@settings(max_examples=300, deadline=None)
@given(
    structures(most_depth=6),
    st.integers(0, 2**32),
    st.booleans(),
    st.sampled_from(["ResBlock", "BasicBlock", "InvertedBlock"]),
    st.sampled_from(["flops", "params", "layers"]),
)
def test_a_trade_keeps_the_structure_valid_and_never_costs_more(
    structure, seed, fine, kind, limited
):
    space = Space(
        blocks=(kind,),
        stage_depths=(1, 12, 12, 12, 12),
        max_width=160,
        split_above=6,
        bottleneck_ratio=(0.1, 2.0),
    )
    blocks = (
        KINDS[kind].adopt(block) if block.kind == "ResBlock" else block
        for block in structure.blocks
    )
    structure = Structure(tuple(blocks))
    budget = Budget(**{limited: getattr(total_cost(structure), limited)})
    mutator, rng = Mutator(space), Random(seed)
    mutation = mutator.mutate(structure, rng, fine)
    traded = Trader(space, budget, mutator).trade(mutation, rng, fine)
    check(traded.structure)
    own = first_of(traded)
    if own is not mutation:
        # of the same width, by steps in place of a factor
        assert fine and (own.position, own.field) == (mutation.position, mutation.field)
        assert own.field == "bottleneck" or abs(own.after - own.before) <= 24  # a ratio moves it on
    before, after = total_cost(own.structure), total_cost(traded.structure)
    if traded is own:
        return
    assert getattr(before, limited) > getattr(budget, limited)
    assert getattr(after, limited) <= getattr(budget, limited)
    assert changes(traded) == 2 and traded.earlier is own
    assert (
        traded.before
        > traded.after
        == getattr(traded.structure.blocks[traded.position], traded.field)
    )
    # only beside expansions, widths are cut in coarse mutation too
    assert fine or traded.field == "depth" or (kind == "InvertedBlock" and limited != "layers")
    if fine:
        assert [b.depth for b in structure.blocks] == [b.depth for b in traded.structure.blocks]


def test_a_width_is_reached_that_no_factor_leads_to():
    """80 from 72, in fine mutation alone, and never without a trade."""
    structure = ZOO["maedet-l"].structure
    space, budget, rng = Space(max_width=2400), Budget(flops=10**15), Random(0)
    mutator = Mutator(space)
    trader = Trader(space, budget, mutator)
    thin = structure.blocks[2]._replace(bottleneck=72)
    parent = Structure((*structure.blocks[:2], thin, *structure.blocks[3:]))
    reached = {(traded, fine): set() for traded in (False, True) for fine in (False, True)}
    for fine in (False, True):
        for _ in range(2000):
            child = mutator.mutate(parent, rng, fine)
            reached[False, fine].add(child.structure.blocks[2].bottleneck)
            reached[True, fine].add(trader.trade(child, rng, fine).structure.blocks[2].bottleneck)
    by_factors = {48, 56, 72, 88, 112, 144}
    assert reached[True, True] == by_factors | {64, 80, 96}
    for others in (reached[False, False], reached[False, True], reached[True, False]):
        assert others <= by_factors


def test_beside_expansions_a_deeper_block_is_paid_for_by_a_width():
    """Three units of expansion 1 in place of two of 3 are then compared at the full budget."""
    preset = load("maedet-mb-m-se")
    space, structure, rng = preset.space, preset.initial, Random(0)
    budget = Budget(flops=total_cost(structure, (320, 320)).flops, image_size=(320, 320))
    mutator = Mutator(space)
    trader, paid = Trader(space, budget, mutator), set()
    for _ in range(500):
        child = mutator.mutate(structure, rng, False)
        traded = trader.trade(child, rng, False)
        if traded is not child:
            assert total_cost(traded.structure, (320, 320)).flops <= budget.flops
            paid.add(child.field)
    assert paid == {"depth", "expansion", "kernel"}


def test_a_trade_uses_up_what_the_budget_leaves():
    """One step of the width that paid more, and the budget would be exceeded."""
    space, rng = Space(), Random(0)
    mutator = Mutator(space)
    trader, parent, seen = Trader(space, BUDGET, mutator), ZOO["maedet-m"].structure, set()
    for _ in range(400):
        traded = trader.trade(mutator.mutate(parent, rng, True), rng, True)
        if traded.earlier is None:
            continue
        seen.add(traded.field)
        blocks = traded.structure.blocks
        wider = mutator.resized(blocks, traded.position, traded.field, traded.after + 8)
        assert exceeded(total_cost(Structure(blocks)), BUDGET) is None
        assert exceeded(total_cost(Structure(wider)), BUDGET) == "flops"
    assert seen == {"out_channels", "bottleneck"}


def test_depth_moves_from_one_block_to_another():
    structure = ZOO["maedet-m"].structure  # 91 layers, with room for 2 more bottlenecks in C5
    space, rng = Space(), Random(0)
    mutator = Mutator(space)
    trader = Trader(space, Budget(layers=91), mutator)
    moved = set()
    for _ in range(500):
        mutation = mutator.mutate(structure, rng, False)
        traded = trader.trade(mutation, rng, False)
        if mutation.field == "depth" and traded is not mutation:
            assert total_cost(traded.structure).layers == 91
            moved.add((mutation.level, traded.level))
            assert str(traded).count("depth") == 2 and ", " in str(traded)
    assert {("C5", "C3"), ("C5", "C4"), ("C2", "C5")} <= moved


def test_within_the_budget_nothing_is_traded_and_no_random_number_is_drawn():
    structure, rng = ZOO["maedet-s"].structure, Random(0)
    mutator = Mutator(Space())
    mutation = mutator.mutate(structure, rng, False)
    state = rng.getstate()
    assert Trader(Space(), BUDGET, mutator).trade(mutation, rng, False) is mutation
    assert rng.getstate() == state


@pytest.mark.parametrize("batch", [1, 16])
def test_a_search_with_trades_keeps_every_budget(batch):
    preset = Preset(
        "m",
        ZOO["initial"].structure,
        replace(BUDGET, params=15_000_000),
        schedule=Schedule(population=32, iterations=1500, keep=5, trade=0.7),
    )
    evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
    while proposals := evolution.ask(batch):
        scores = scorer.score([proposal.structure for proposal in proposals])
        evolution.tell(zip(proposals, scores))
    for member in evolution.population.members:
        assert exceeded(total_cost(member.structure), preset.budget) is None
        check(member.structure)
    assert any(changes(m.origin) > 1 for m in evolution.population.members if m.parent)


@pytest.mark.nightly
def test_trades_beat_the_papers_mutation_at_the_edge_of_a_budget():
    """The same number of iterations, at exactly the cost of the paper's S."""
    entry = ZOO["maedet-s"].structure
    cost = total_cost(entry)
    budget = Budget(flops=cost.flops, layers=cost.layers)
    best = {}
    for trade in (0.0, 0.3):
        schedule = Schedule(iterations=16_000, seed=1, compound=0.4 if trade else 0.0, trade=trade)
        preset = Preset("s", ZOO["initial"].structure, budget, schedule=schedule)
        evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
        while proposals := evolution.ask():
            scores = scorer.score([proposal.structure for proposal in proposals])
            evolution.tell(zip(proposals, scores))
        best[trade] = evolution.best.score.z
    assert best[0.3] > best[0.0]
