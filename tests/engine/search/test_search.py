"""Algorithms 1 and 2: what a mutation may do, what a population keeps, what a seed fixes."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.blocks import KINDS
from engine.checks import check
from engine.costs import total_cost
from engine.scorers.base import Score
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution
from engine.search.member import Member, Proposal
from engine.search.mutation import Mutator
from engine.search.population import Population
from engine.search.sampling import Sampler
from engine.settings import Budget, Preset, Schedule, Space
from engine.structure import Block, Structure
from engine.zoo import ZOO
from tests.strategies import structures

M = Preset(
    "m",
    ZOO["initial"].structure,
    Budget(flops=91_000_000_000, layers=91),
    schedule=Schedule(population=32, iterations=2000, keep=5, seed=3),
    scorer="closed-form",
)


def search(preset: Preset, batch: int = 1) -> Evolution:
    evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
    while proposals := evolution.ask(batch):
        scores = scorer.score([proposal.structure for proposal in proposals])
        evolution.tell(zip(proposals, scores))
    return evolution


@settings(max_examples=300)
@given(structures(most_depth=6), st.integers(0, 2**32), st.booleans())
def test_every_mutation_yields_a_valid_structure_within_the_space(structure, seed, fine):
    space = Space(stage_depths=(1, 12, 12, 12, 12), max_width=160, split_above=6)
    mutation = Mutator(space).mutate(structure, Random(seed), fine)
    child = check(mutation.structure)
    for block in child.blocks:
        assert block.out_channels % 8 == 0 and block.out_channels <= 160
        assert block.depth <= 6
    for stage in child.stages:
        assert sum(block.depth for block in stage) <= 12
    assert total_cost(structure).layers == total_cost(child).layers or mutation.field == "depth"


@given(structures(), st.integers(0, 2**32))
def test_fine_mutation_leaves_the_depth_alone(structure, seed):
    mutation = Mutator(Space()).mutate(structure, Random(seed), fine=True)
    assert mutation.field in ("kernel", "out_channels", "bottleneck")
    assert [b.depth for b in mutation.structure.blocks] == [b.depth for b in structure.blocks]


def test_mutation_reaches_every_choice_of_appendix_a_and_nothing_else():
    structure = ZOO["maedet-m"].structure
    mutator, rng = Mutator(Space(max_width=10_000)), Random(0)
    seen = Counter()
    widths, depths, kernels = set(), set(), set()
    for _ in range(6000):
        mutation = mutator.mutate(structure, rng, fine=False)
        seen[mutation.position] += 1
        if mutation.position != 3:
            continue
        if mutation.field == "out_channels":
            widths.add(mutation.after)
        elif mutation.field == "depth":
            depths.add(mutation.after)
        elif mutation.field == "kernel":
            kernels.add(mutation.after)
    assert widths == {
        round(1632 * factor / 8) * 8 for factor in (1 / 1.5, 1 / 1.25, 1, 1.25, 1.5, 2)
    }
    assert depths == {8, 9, 10}  # the stage's limit cuts 11 and 12
    assert kernels == {3, 5}
    assert min(seen.values()) > 1000  # blocks are drawn uniformly: 1200 expected of each


def test_too_deep_a_block_is_divided_into_two_equal_ones():
    structure = ZOO["maedet-m"].structure
    mutator, rng = Mutator(Space(stage_depths=(1, 3, 20, 20, 20))), Random(0)
    divided = next(
        child
        for child in (mutator.mutate(structure, rng, False).structure for _ in range(10_000))
        if len(child.blocks) > len(structure.blocks)
    )
    stage = next(stage for stage in divided.stages if len(stage) == 2)
    assert sum(block.depth for block in stage) in (11, 12)
    assert abs(stage[0].depth - stage[1].depth) <= 1
    assert [block.stride for block in stage] == [2, 1]
    check(divided)


def test_a_wider_block_is_followed_through_a_pooling():
    resnet = ZOO["resnet-50"].structure
    mutator, rng = Mutator(Space()), Random(0)
    for _ in range(500):
        check(mutator.mutate(resnet, rng, fine=False).structure)


def test_a_mutation_says_what_it_did():
    text = str(Mutator(Space()).mutate(ZOO["maedet-m"].structure, Random(1), False))
    level, field, *_ = text.split()
    assert level in ("C1", "C2", "C3", "C4", "C5")
    assert field in ("kernel", "out", "bottleneck", "depth")


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), max_size=60))
def test_a_population_is_the_best_distinct_members_in_order(entries):
    population, model = Population(10), []
    for number, (z, width) in enumerate(entries):
        structure = Structure((Block("Conv", 3, 3, 8 + number, 2), Block("Conv", 3, 8, width, 2)))
        score = Score(float(z), (), 0.0, "closed-form", "")
        proposal = Proposal(structure, total_cost(structure), number, "")
        population.add(Member(proposal, score))
        model = sorted([*model, float(z)])[-10:]
        assert list(population.scores()) == model
        assert all(member.structure in population for member in population.members)
    population.keep_top(3)
    assert list(population.scores()) == model[-3:]


def test_a_search_is_fixed_by_its_seed():
    first, again = search(M), search(M)
    other = search(replace(M, schedule=replace(M.schedule, seed=4)))
    assert first.best == again.best
    assert first.counts == again.counts
    assert first.best.structure != other.best.structure


@pytest.mark.parametrize("batch", [1, 16])
def test_a_search_keeps_every_budget_and_ends_after_t_iterations(batch):
    preset = replace(M, budget=replace(M.budget, params=15_000_000))
    evolution = search(preset, batch)
    assert evolution.iteration == 2000
    assert sum(evolution.counts.values()) == 2000
    for member in evolution.population.members:
        cost = total_cost(member.structure)
        assert cost == member.cost
        assert cost.flops <= 91_000_000_000 and cost.params <= 15_000_000 and cost.layers <= 91
    assert {"flops", "params", "accepted", "duplicate"} <= set(evolution.counts)


def test_fine_mutation_starts_at_half_time_from_the_top_few():
    evolution, scorer = Evolution(M), ClosedForm(M.objective)
    sizes, depths = {}, set()
    while proposals := evolution.ask():
        if evolution.iteration >= 1000 and not depths:
            depths = {
                tuple(b.depth for b in m.structure.blocks) for m in evolution.population.members
            }
        sizes[evolution.iteration] = len(evolution.population)
        evolution.tell(zip(proposals, scorer.score([p.structure for p in proposals])))
    assert evolution.switched_at == 1000
    assert max(size for t, size in sizes.items() if t < 1000) == 32
    assert sizes[min(t for t in sizes if t >= 1000)] == 5
    for member in evolution.population.members:
        assert tuple(block.depth for block in member.structure.blocks) in depths


def test_scores_that_could_not_be_had_are_counted_and_the_search_goes_on():
    evolution, scorer = Evolution(M), ClosedForm(M.objective)
    for _ in range(200):
        for proposal in evolution.ask(4):
            lost = proposal.born % 3 == 1
            score = None if lost else scorer.score([proposal.structure])[0]
            evolution.tell([(proposal, score)])
    assert evolution.counts["unscored"] > 10
    assert len(evolution.population) == 32


def test_the_whole_m_search_beats_the_papers_structure_under_its_budget():
    preset = replace(M, schedule=Schedule(seed=0, iterations=24_000))
    evolution = search(preset)
    reference = ClosedForm(preset.objective).score([ZOO["maedet-m"].structure])[0]
    assert evolution.best.score.z > reference.z
    assert evolution.best.cost.flops <= 91_000_000_000 and evolution.best.cost.layers <= 91


@pytest.mark.parametrize("kind", ["ResBlock", "InvertedBlock"])
def test_random_search_draws_valid_structures_of_the_space(kind):
    space = Space(blocks=(kind,), max_width=256, bottleneck_ratio=(0.25, 1.0))
    initial = Structure(
        tuple(
            KINDS[kind].adopt(block) if block.kind == "ResBlock" else block
            for block in ZOO["initial"].structure.blocks
        )
    )
    sampler, rng = Sampler(space, initial), Random(0)
    depths = set()
    for _ in range(300):
        structure = check(sampler.draw(rng))
        for block in structure.blocks:
            assert block.out_channels <= 256 and block.out_channels % 8 == 0
            if kind == "ResBlock" and block.kind == kind:
                assert 0.25 <= block.bottleneck / block.out_channels <= 1
        depths.add(structure.blocks[-1].depth)
    assert depths == set(range(1, 11))


@pytest.mark.nightly
def test_random_search_is_worse_than_evolution_under_the_same_budget():
    longer = replace(M, schedule=replace(M.schedule, iterations=10_000))
    random = search(replace(longer, schedule=replace(longer.schedule, strategy="random")))
    assert random.switched_at is None
    assert random.best.cost.flops <= 91_000_000_000
    assert random.best.score.z < search(longer).best.score.z


def test_coarse_only_never_switches():
    evolution = search(replace(M, schedule=replace(M.schedule, fine_at=1.0)))
    assert evolution.switched_at is None and evolution.phase == "coarse"


def test_compound_mutations_name_each_change_and_still_make_valid_structures():
    mutator, rng = Mutator(Space(), compound=0.9), Random(0)
    mutations = [mutator.mutate(ZOO["maedet-m"].structure, rng, False) for _ in range(50)]
    assert max(str(mutation).count("->") for mutation in mutations) > 3
    for mutation in mutations:
        check(mutation.structure)


@given(st.integers(0, 2**32))
def test_coarse_mutation_changes_the_kind_of_a_block_where_the_space_has_several(seed):
    space = Space(blocks=("ResBlock", "BasicBlock", "InvertedBlock"), bottleneck_ratio=(0.1, 1.0))
    structure, rng, mutator = ZOO["maedet-s"].structure, Random(seed), Mutator(space)
    seen = set()
    for _ in range(200):
        structure = check(mutator.mutate(structure, rng, fine=False).structure)
        seen |= {block.kind for block in structure.blocks}
    assert seen == {"Conv", "ResBlock", "BasicBlock", "InvertedBlock"}
    kinds = [block.kind for block in structure.blocks]
    for _ in range(20):
        structure = mutator.mutate(structure, rng, fine=True).structure
    assert [block.kind for block in structure.blocks] == kinds
