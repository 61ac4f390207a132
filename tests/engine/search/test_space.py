"""The limits of a space hold whatever a search does: mutations, trades, random draws, and
the smallest structure that messages name."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from engine.blocks import KINDS
from engine.checks import check
from engine.costs import total_cost
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution
from engine.search.mutation import Mutator
from engine.search.sampling import Sampler, smallest
from engine.search.trade import Trader
from engine.search.widths import outputs_with_bottleneck
from engine.settings import Budget, Preset, Space
from engine.structure import Block, Structure
from engine.zoo import ZOO

ALL = ("ResBlock", "BasicBlock", "InvertedBlock")
INITIAL = ZOO["initial"].structure
#: a stage behind a pooling, and one of two blocks
WITH_POOL = Structure(
    (
        Block("Conv", 7, 3, 64, 2),
        Block("MaxPool", 3, 64, 64, 2),
        Block("ResBlock", 3, 64, 256, 1, 64, 2),
        Block("ResBlock", 3, 256, 512, 2, 128, 2),
        Block("ResBlock", 3, 512, 512, 1, 128, 2),
        Block("ResBlock", 3, 512, 1024, 2, 256, 2),
        Block("ResBlock", 3, 1024, 2048, 2, 512, 2),
    )
)
SPACES = {
    "a quarter at most": Space(bottleneck_ratio=(0, 0.25)),
    "a quarter exactly": Space(bottleneck_ratio=(0.25, 0.25)),
    "a narrow band": Space(bottleneck_ratio=(0.2, 0.3), width_step=16),
    "wider than the output": Space(bottleneck_ratio=(0.25, 4.0)),
    "few expansions": Space(blocks=ALL, expansions=(1, 3)),
    "coarse widths": Space(blocks=ALL, width_step=64, bottleneck_ratio=(0.1, 1)),
    "always divided": Space(split_above=2, stage_depths=(1, 20, 20, 20, 20)),
    "one kernel, shallow": Space(kernels=(3,), stage_depths=(1, 4, 4, 4, 4)),
}


def outside(structure: Structure, space: Space) -> Iterator[str]:
    """Each limit of the space that a structure breaks."""
    low, high = space.bottleneck_ratio
    for block in structure.blocks:
        kind = KINDS[block.kind]
        widths = [block.out_channels] + [block.bottleneck] * ("bottleneck" in kind.fields)
        if any(width > space.max_width or width % space.width_step for width in widths):
            yield f"width of {block}"
        if "bottleneck" in kind.fields and not low <= block.bottleneck / block.out_channels <= high:
            yield f"ratio of {block}"
        if "expansion" in kind.mutable and block.expansion not in space.expansions:
            yield f"expansion of {block}"
        if "kernel" in kind.mutable and block.kernel not in space.kernels:
            yield f"kernel of {block}"
        if "depth" in kind.fields and (block.depth > space.split_above or block.kind not in ALL):
            yield f"depth or kind of {block}"
    for stage, limit in zip(structure.stages, space.stage_depths, strict=True):
        if sum(block.depth for block in stage if "depth" in KINDS[block.kind].fields) > limit:
            yield f"depth of {stage}"


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("initial", [INITIAL, WITH_POOL], ids=["initial", "with a pooling"])
def test_no_search_leaves_its_space(name, initial):
    space, rng = SPACES[name], Random(0)
    assert list(outside(initial, space)) == []
    mutator, sampler = Mutator(space, compound=0.4), Sampler(space, initial)
    cost = total_cost(initial)
    trader = Trader(space, Budget(flops=cost.flops, layers=cost.layers), mutator)
    structure = initial
    for _ in range(600):
        fine = rng.random() < 0.3
        mutation = trader.trade(mutator.mutate(structure, rng, fine), rng, fine)
        structure = check(mutation.structure)
        assert list(outside(structure, space)) == []
    for _ in range(100):
        assert list(outside(check(sampler.draw(rng)), space)) == []
    for one in smallest(space, initial):
        assert list(outside(check(one), space)) == []


def test_no_structure_of_a_search_is_smaller_than_the_smallest():
    space, rng = Space(stage_depths=(1, 3, 4, 4, 4)), Random(0)
    (least,) = map(total_cost, smallest(space, WITH_POOL))
    mutator, sampler = Mutator(space), Sampler(space, WITH_POOL)
    found, structure = [sampler.draw(rng) for _ in range(300)], WITH_POOL
    for _ in range(3000):  # downhill
        child = mutator.mutate(structure, rng, fine=False).structure
        structure = min(structure, child, key=lambda one: total_cost(one).params)
    found.append(structure)
    for cost in map(total_cost, found):
        assert cost.params >= least.params
        assert cost.flops >= least.flops and cost.layers >= least.layers
    assert total_cost(structure).params < 3 * least.params


def test_random_search_reaches_stages_deeper_than_one_block_may_be():
    space = Space(stage_depths=(1, 3, 10, 10, 20))
    sampler, rng = Sampler(space, INITIAL), Random(0)
    stages = [sampler.draw(rng).stages[-1] for _ in range(400)]
    assert {sum(block.depth for block in stage) for stage in stages} == set(range(1, 21))
    for stage in stages:
        depths = [block.depth for block in stage]
        assert max(depths) <= 10 and max(depths) - min(depths) <= 1


def test_a_ratio_that_few_widths_can_have():
    assert outputs_with_bottleneck(Space(bottleneck_ratio=(0.3, 0.3), max_width=400)) == [
        80, 160, 240, 320, 400,
    ]  # fmt: skip
    assert outputs_with_bottleneck(Space(bottleneck_ratio=(0.3, 0.3), max_width=72)) == []
    assert len(outputs_with_bottleneck(Space())) == 256


def test_a_structure_that_nothing_can_change_about_ends_its_search():
    pools = Structure(tuple(Block("MaxPool", 3, 3, 3, 2) for _ in range(5)))
    preset = Preset("pools", pools, Budget(flops=10**9))
    evolution = Evolution(replace(preset, schedule=replace(preset.schedule, iterations=50)))
    scorer = ClosedForm(preset.objective)
    while proposals := evolution.ask():
        evolution.tell(zip(proposals, scorer.score([one.structure for one in proposals])))
    assert evolution.counts == {"duplicate": 50}
