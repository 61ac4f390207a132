"""Random search and trades with the random numbers written down."""

from math import exp, log
from random import Random

import pytest

from engine.costs import total_cost
from engine.search.fitting import _root
from engine.search.mutation import Mutation, Mutator
from engine.search.sampling import Sampler, smallest
from engine.search.trade import Trader
from engine.settings import Budget, Space
from engine.structure import Block, Structure

STEM = Block("Conv", 3, 3, 64, 2)
POOL = Block("MaxPool", 3, 64, 64, 2)
PARENT = Structure(
    (
        STEM,
        Block("ResBlock", 3, 64, 256, 2, 64, 3),
        Block("ResBlock", 3, 256, 512, 2, 128, 4),
        Block("ResBlock", 5, 512, 1024, 2, 256, 6),
        Block("ResBlock", 3, 1024, 2048, 2, 512, 3),
    )
)


#: of a width that gets a trade in fine mutation: it stays as the factor left it
BY_FACTOR = 0.5


class Draws:
    """Stands in for `random.Random`: each draw is a share of what there is to choose from."""

    def __init__(self, *shares: float):
        self.shares = list(shares)
        self.asked = []

    def random(self):
        return self.shares.pop(0)

    def choice(self, options):
        self.asked.append(options)
        return options[int(self.shares.pop(0) * len(options))]

    def randint(self, low, high):
        self.asked.append((low, high))
        return low + int(self.shares.pop(0) * (high - low + 1))

    def uniform(self, low, high):
        self.asked.append((round(exp(low), 6), round(exp(high), 6)))
        return low + self.shares.pop(0) * (high - low)


# Random search


def test_a_structure_is_drawn_block_by_block():
    space = Space(max_width=256, stage_depths=(1, 3, 10, 10, 10))
    initial = Structure((STEM, Block("ResBlock", 3, 64, 64, 2, 64, 2)))
    sampler = Sampler(space, initial_of_five(initial))
    structure = sampler.draw(Draws(*[0.0] * 21))
    assert structure.blocks[1] == Block("ResBlock", 3, 8, 8, 2, 8, 1)
    draws = Draws(0.999, *[0.0, 0.999, 0.999, 0.999, 0.5] * 4)
    structure = sampler.draw(draws)
    assert draws.shares == []
    # the stem's width, then of each block kind, width, kernel, depth and bottleneck
    assert structure.blocks[0] == Block("Conv", 3, 3, 256, 2)
    assert structure.blocks[1] == Block("ResBlock", 5, 256, 256, 2, 40, 3)
    assert structure.blocks[2] == Block("ResBlock", 5, 256, 256, 2, 40, 10)
    # log-uniform over 8 to 256 in steps of 8, the largest as likely as it should be
    assert draws.asked[:6] == [(1, 33), ("ResBlock",), (1, 33), (3, 5), (1, 3), (1, 33)]


def initial_of_five(structure: Structure) -> Structure:
    last = structure.blocks[-1]
    more = [last._replace(in_channels=last.out_channels)] * (5 - len(structure.stages))
    return Structure((*structure.blocks, *more))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_widths_are_log_uniform_in_steps(share):
    space = Space(max_width=512, width_step=16)
    sampler = Sampler(space, PARENT)
    stem = sampler.draw(Draws(share, *[0.0] * 20)).blocks[0]
    assert stem.out_channels == 16 * int(exp(share * log(33)))
    assert isinstance(stem.out_channels, int)


def test_the_largest_width_need_not_be_a_whole_number_of_steps():
    for share in (0.0, 0.999):
        stem = Sampler(Space(max_width=252), PARENT).draw(Draws(share, *[0.0] * 20)).blocks[0]
        assert repr(stem.out_channels) == ("248" if share else "8")


def test_a_space_has_a_depth_for_each_stage():
    with pytest.raises(ValueError):
        Sampler(Space(max_width=64, stage_depths=(1, 3, 10, 10)), PARENT).draw(Draws(*[0.0] * 21))


def test_a_bottleneck_is_drawn_within_its_share():
    space = Space(max_width=256, bottleneck_ratio=(0.25, 0.5))
    draws = Draws(0.0, *[0.0, 0.999, 0.0, 0.0, 0.999] * 4)
    structure = Sampler(space, PARENT).draw(draws)
    assert structure.blocks[1].out_channels == 256 and structure.blocks[1].bottleneck == 128
    assert draws.asked[5] == (8, 17)
    draws = Draws(0.0, *[0.0, 0.999, 0.0, 0.0, 0.0] * 4)
    assert Sampler(space, PARENT).draw(draws).blocks[1].bottleneck == 64
    # an output that no bottleneck fits gives way to the nearest that one fits
    third = Space(max_width=256, bottleneck_ratio=(0.3, 0.3))
    blocks = Sampler(third, PARENT).draw(Draws(0.0, *[0.0, 0.999, 0.0, 0.0, 0.0] * 4)).blocks
    assert (blocks[1].out_channels, blocks[1].bottleneck) == (240, 72)
    blocks = Sampler(third, PARENT).draw(Draws(0.0, *[0.0] * 20)).blocks
    assert (blocks[1].out_channels, blocks[1].bottleneck) == (80, 24)


def test_a_stage_of_several_blocks_shares_its_depth():
    second = Block("ResBlock", 3, 256, 256, 1, 64, 2)
    blocks = PARENT.blocks
    initial = Structure((*blocks[:2], second, second, *blocks[2:]))
    space = Space(max_width=64, stage_depths=(1, 9, 10, 10, 10))
    most = Draws(0.0, *[0.0, 0.0, 0.0, 0.999, 0.0] * 6)
    depths = [block.depth for block in Sampler(space, initial).draw(most).blocks]
    # two blocks behind the first keep one bottleneck each
    assert depths == [1, 7, 1, 1, 10, 10, 10]
    some = Draws(0.0, *[0.0, 0.0, 0.0, 0.3, 0.0] * 6)
    depths = [block.depth for block in Sampler(space, initial).draw(some).blocks]
    assert depths == [1, 3, 2, 2, 4, 4, 4]


def test_too_deep_a_block_is_divided_as_often_as_it_takes():
    space = Space(max_width=64, stage_depths=(1, 3, 10, 20, 25), split_above=10)
    draws = Draws(0.0, *[0.0, 0.5, 0.0, 0.999, 0.0] * 4)
    structure = Sampler(space, PARENT).draw(draws)
    stages = [[block.depth for block in stage] for stage in structure.stages]
    assert stages == [[1], [3], [10], [10, 10], [9, 8, 8]]
    draws = Draws(0.0, *[0.0, 0.0, 0.0, 0.0, 0.0] * 3, *[0.0, 0.5, 0.0, 0.999, 0.0])
    last = Sampler(space, PARENT).draw(draws).stages[-1]
    assert [block.stride for block in last] == [2, 1, 1]
    assert [block[2:4] for block in last] == [(8, 24), (24, 24), (24, 24)]


def test_what_has_no_width_of_its_own_passes_one_on():
    initial = Structure((STEM, POOL, PARENT.blocks[1]._replace(stride=1), *PARENT.blocks[2:]))
    space = Space(max_width=64, stage_depths=(1, 3, 10, 10, 10))
    structure = Sampler(space, initial).draw(Draws(0.5, *[0.0, 0.0, 0.0, 0.999, 0.0] * 4))
    assert structure.blocks[0].out_channels == 24
    assert structure.blocks[1] == Block("MaxPool", 3, 24, 24, 2)
    assert structure.blocks[2][:7] == ("ResBlock", 3, 24, 8, 1, 8, 3)


def test_kinds_and_expansions_are_drawn_too():
    space = Space(blocks=("ResBlock", "InvertedBlock"), expansions=(2, 4), max_width=64)
    draws = Draws(0.0, *[0.6, 0.0, 0.9, 0.6, 0.0] * 4)
    structure = Sampler(space, PARENT).draw(draws)
    assert structure.blocks[1] == Block("InvertedBlock", 5, 8, 8, 2, 0, 1, 4)
    # and a width is as drawn, whatever a bottleneck of its share would need
    narrow = Space(blocks=("InvertedBlock",), bottleneck_ratio=(0.3, 0.3), max_width=256)
    inverted = Structure((STEM, *[Block("InvertedBlock", 3, 64, 64, 2, 0, 1, 6)] * 4))
    drawn = Sampler(narrow, inverted).draw(Draws(*[0.0, 0.0, 0.999, 0.0, 0.0] * 5))
    assert drawn.blocks[1].out_channels == 256
    # kinds that the space has not stay
    other = Space(blocks=("InvertedBlock",), max_width=64)
    kept = Sampler(other, PARENT).draw(Draws(0.0, *[0.0, 0.0, 0.999, 0.0] * 4))
    assert [block.kind for block in kept.blocks[1:]] == ["ResBlock"] * 4


def test_the_smallest_structures_of_a_space():
    (least,) = smallest(Space(kernels=(5, 3), width_step=16), PARENT)
    assert least.blocks == (
        Block("Conv", 3, 3, 16, 2),
        *[Block("ResBlock", 3, 16, 16, 2, 16, 1)] * 4,
    )
    space = Space(
        blocks=("ResBlock", "InvertedBlock"), expansions=(4, 2), bottleneck_ratio=(0.3, 0.3)
    )
    initial = Structure((STEM, POOL, *PARENT.blocks[2:]))
    residual, inverted = smallest(space, initial)
    assert residual.blocks == (
        Block("Conv", 3, 3, 8, 2),
        Block("MaxPool", 3, 8, 8, 2),
        Block("ResBlock", 3, 8, 80, 2, 24, 1),
        *[Block("ResBlock", 3, 80, 80, 2, 24, 1)] * 2,
    )
    assert inverted.blocks == (
        Block("Conv", 3, 3, 8, 2),
        Block("MaxPool", 3, 8, 8, 2),
        *[Block("InvertedBlock", 3, 8, 8, 2, 0, 1, 2)] * 3,
    )
    # a stem keeps its kernel, which no mutation changes
    (seven,) = smallest(Space(), Structure((STEM._replace(kernel=7), *PARENT.blocks[1:])))
    assert seven.blocks[0] == Block("Conv", 7, 3, 8, 2)
    # with no width that a bottleneck fits, one step stands for both
    (none,) = smallest(Space(bottleneck_ratio=(0.3, 0.3), max_width=72), PARENT)
    assert none.blocks[1] == Block("ResBlock", 3, 8, 8, 2, 8, 1)
    (own,) = smallest(Space(blocks=("InvertedBlock",), max_width=72), PARENT)
    assert own.blocks[1] == Block("ResBlock", 3, 8, 8, 2, 8, 1)


# Trades


def changed(index: int, field: str, value: int, parent: Structure = PARENT) -> Mutation:
    """A mutation of one block, as the mutator describes one."""
    block = parent.blocks[index]._replace(**{field: value})
    blocks = (*parent.blocks[:index], block, *parent.blocks[index + 1 :])
    if field == "out_channels" and index + 1 < len(blocks):
        following = blocks[index + 1]._replace(in_channels=value)
        blocks = (*blocks[: index + 1], following, *blocks[index + 2 :])
    before = getattr(parent.blocks[index], field)
    level = ("C1", "C2", "C3", "C4", "C5")[index]
    return Mutation(Structure(blocks), level, index, field, before, value)


def trader(budget: Budget, space: Space | None = None) -> Trader:
    space = space or Space()
    return Trader(space, budget, Mutator(space))


def test_layers_over_the_budget_are_taken_from_another_block():
    layers = total_cost(PARENT).layers
    assert layers == 1 + 3 * 16
    trade = trader(Budget(layers=layers))
    deeper = changed(3, "depth", 8)  # 6 layers more
    found = [trade.trade(deeper, Draws(share), False) for share in (0.0, 0.34, 0.67)]
    assert [(one.level, one.field, one.before, one.after) for one in found] == [
        ("C2", "depth", 3, 1),
        ("C3", "depth", 4, 2),
        ("C5", "depth", 3, 1),
    ]
    assert [one.structure.blocks[3].depth for one in found] == [8, 8, 8]
    assert [one.position for one in found] == [1, 2, 4]
    assert all(total_cost(one.structure).layers == layers for one in found)
    assert all(one.earlier is deeper for one in found)
    assert str(found[0]) == "C4 depth 6 -> 8, C2 depth 3 -> 1"
    # one layer too many costs a whole bottleneck
    short = trader(Budget(layers=layers - 1)).trade(changed(3, "kernel", 3), Draws(0.0), False)
    assert (short.after, total_cost(short.structure).layers) == (2, layers - 3)


def test_a_block_gives_at_most_what_leaves_it_one_bottleneck():
    layers = total_cost(PARENT).layers
    trade = trader(Budget(layers=layers - 3))
    deeper = changed(3, "depth", 8)  # 9 layers too many: three bottlenecks
    found = trade.trade(deeper, Draws(0.9), False)
    assert (found.level, found.after) == ("C3", 1)
    none = trader(Budget(layers=layers - 9))
    assert none.trade(deeper, Draws(), False) is deeper


def test_units_of_other_kinds_have_other_layers():
    inverted = Structure(
        (STEM, *(Block("InvertedBlock", 3, 64, 64, 2, 0, 4, 1) for _ in range(3)),
         Block("BasicBlock", 3, 64, 64, 2, 64, 4))
    )  # fmt: skip
    layers = total_cost(inverted).layers
    assert layers == 1 + 2 * 16
    trade = trader(Budget(layers=layers - 3), Space(blocks=("InvertedBlock",)))
    mutation = changed(1, "kernel", 5, inverted)
    found = trade.trade(mutation, Draws(0.0), False)
    assert (found.level, found.after) == ("C3", 2)
    pooled = Structure((STEM, POOL, *PARENT.blocks[2:]))
    mutation = changed(2, "kernel", 5, pooled)
    found = trader(Budget(layers=total_cost(pooled).layers - 1)).trade(mutation, Draws(0.0), False)
    assert (found.level, found.after) == ("C4", 5)


def test_coarse_mutation_trades_nothing_but_layers():
    cost = total_cost(PARENT)
    wider = changed(1, "out_channels", 512)
    assert trader(Budget(flops=cost.flops)).trade(wider, Draws(), False) is wider
    assert trader(Budget(layers=cost.layers)).trade(wider, Draws(), False) is wider
    at = trader(Budget(layers=total_cost(wider.structure).layers))
    assert at.trade(wider, Draws(), False) is wider


def largest_by_trying(mutation, index, field, budget, space=None):
    """The widest cut within the budget, by trying every width below the present one."""
    mutator = Mutator(space or Space())
    blocks = mutation.structure.blocks
    for width in range(getattr(blocks[index], field) - 8, 0, -8):
        narrower = Structure(mutator.resized(blocks, index, field, width))
        cost = total_cost(narrower, budget.image_size)
        if cost.flops <= (budget.flops or 10**18) and cost.params <= (budget.params or 10**18):
            return width
    return None


@pytest.mark.parametrize("limited", ["flops", "params"])
@pytest.mark.parametrize("place", range(9))
def test_a_width_is_cut_to_what_the_budget_leaves(limited, place):
    budget = Budget(**{limited: getattr(total_cost(PARENT), limited)})
    wider = changed(2, "out_channels", 640)
    # the stem, then of each block out and bottleneck, without the one that was mutated
    places = [(0, "out_channels")]
    places += [(i, field) for i in range(1, 5) for field in ("out_channels", "bottleneck")]
    places.remove((2, "out_channels"))
    draws = Draws(BY_FACTOR, (place + 0.5) / 8 if place < 8 else 0.999)
    index, field = places[min(place, 7)]
    expected = largest_by_trying(wider, index, field, budget)
    found = trader(budget).trade(wider, draws, True)
    if expected is None:
        assert found is wider
    else:
        assert (found.level, found.field) == (f"C{index + 1}", field)
        assert found.before == getattr(wider.structure.blocks[index], field)
        assert found.after == getattr(found.structure.blocks[index], field) == expected
        assert found.earlier is wider and found.position == index


def test_costs_of_a_trade_count_at_the_budgets_image():
    at_small = Budget(flops=total_cost(PARENT, (64, 96)).flops, image_size=(64, 96))
    wider = changed(2, "out_channels", 640)
    found = trader(at_small).trade(wider, Draws(BY_FACTOR, 0.6), True)
    assert found.after == largest_by_trying(wider, found.position, found.field, at_small)
    assert total_cost(found.structure, (64, 96)).flops <= at_small.flops


def test_where_a_cost_rises_to_a_limit():
    # a line, however flat, and one that falls
    assert _root([(8, 80), (16, 160)], 120) == 12
    assert _root([(8, 80), (16, 84)], 82) == 12
    assert _root([(8, 80), (16, 79)], 60) == 0 == _root([(8, 80), (16, 80)], 60)
    # y = 3 x^2 + 2 x + 5, from any three of its points
    points = [(x, 3 * x * x + 2 * x + 5) for x in (40, 16, 24, 8)]
    for three in (points[:3], points[1:], points[::2] + points[1:2]):
        assert _root(three, 3 * 20 * 20 + 2 * 20 + 5) == pytest.approx(20)
    # a parabola above the limit, one that touches it, one that goes just below
    above = [(x, (x - 10) ** 2 + 7) for x in (30, 16, 24)]
    assert _root(above, 6) == 0
    assert _root(above, 7) == pytest.approx(10)
    assert _root(above, 7.09) == pytest.approx(10.3)
    # next to a large constant a bend still counts, and rounding does not
    constant = 10**12 - 10**7
    bent = [(x, 10 * x * x + constant) for x in (1000, 500, 250)]
    assert _root(bent, 10 * 700**2 + constant) == pytest.approx(700, rel=1e-6)
    straight = [(1000, 10**12), (500, 5 * 10**11), (250, 25 * 10**10 + 1)]
    assert _root(straight, 7 * 10**11) == 1000 - 3 * 10**11 / 10**9


def test_both_budgets_bind_a_width():
    cost = total_cost(PARENT)
    wider = changed(2, "out_channels", 640)
    for budget in (
        Budget(flops=cost.flops, params=cost.params * 2),
        Budget(flops=cost.flops * 2, params=cost.params),
        Budget(flops=cost.flops, params=cost.params),
    ):
        found = trader(budget).trade(wider, Draws(BY_FACTOR, 0.6), True)
        assert found.after == largest_by_trying(wider, 3, "out_channels", budget)


def test_a_width_goes_by_steps_in_place_of_a_factor():
    wider = changed(2, "out_channels", 640)  # from 512
    found = [
        trader(Budget()).trade(wider, Draws(0.49, (number + 0.5) / 6), True) for number in range(6)
    ]
    assert [one.after for one in found] == [488, 496, 504, 520, 528, 536]
    assert [one.structure.blocks[3].in_channels for one in found] == [one.after for one in found]
    assert all(one.before == 512 and one.earlier is None for one in found)
    assert str(found[0]) == "C3 out 512 -> 488"
    # another width pays for it as for any
    cost = total_cost(PARENT)
    paid = trader(Budget(flops=cost.flops)).trade(wider, Draws(0.49, 0.9, 0.6), True)
    assert (paid.earlier.after, total_cost(paid.structure).flops <= cost.flops) == (536, True)
    # no step leads out of the space, and none is made in coarse mutation or of several changes
    widest = changed(4, "out_channels", 1640)  # from 2048
    assert trader(Budget()).trade(widest, Draws(0.49, 0.9), True) is widest
    assert trader(Budget()).trade(wider, Draws(), False) is wider
    both = wider._replace(earlier=changed(1, "kernel", 5))
    assert trader(Budget()).trade(both, Draws(), True) is both


def test_within_its_budgets_a_fine_mutation_stays_as_it_is():
    wider = changed(2, "out_channels", 640)
    cost = total_cost(wider.structure)
    exactly = Budget(flops=cost.flops, params=cost.params)
    assert trader(exactly).trade(wider, Draws(BY_FACTOR), True) is wider
    assert trader(Budget()).trade(wider, Draws(BY_FACTOR), True) is wider
    assert trader(Budget(layers=1)).trade(wider, Draws(BY_FACTOR), True) is wider
    over = Budget(flops=cost.flops - 1, params=cost.params)
    assert trader(over).trade(wider, Draws(BY_FACTOR, 0.5), True) is not wider


def test_a_cut_that_is_not_enough_is_none():
    wider = changed(2, "out_channels", 640)
    assert trader(Budget(flops=1)).trade(wider, Draws(BY_FACTOR, 0.5), True) is wider
    alone = Structure((STEM,))
    mutation = changed(0, "out_channels", 128, alone)
    assert trader(Budget(params=10)).trade(mutation, Draws(BY_FACTOR), True) is mutation


def test_a_width_of_one_step_is_tried_twice_as_wide():
    # nothing below 8 is left to cut, and what lies above is no cut
    thin = Structure((Block("Conv", 3, 3, 8, 2), *PARENT.blocks[1:]))
    thin = Structure((thin.blocks[0], thin.blocks[1]._replace(in_channels=8), *thin.blocks[2:]))
    budget = Budget(flops=total_cost(thin).flops)
    wider = changed(2, "out_channels", 640, thin)
    assert trader(budget).trade(wider, Draws(BY_FACTOR, 0.0), True) is wider


def test_widths_are_cut_within_the_space():
    space = Space(bottleneck_ratio=(0.25, 0.25))
    budget = Budget(flops=total_cost(PARENT).flops)
    wider = changed(1, "kernel", 5)
    for share in (0.2, 0.4, 0.6, 0.9):
        found = trader(budget, space).trade(wider, Draws(share), True)
        if found is not wider:
            block = found.structure.blocks[int(found.level[1]) - 1]
            assert 4 * block.bottleneck == block.out_channels or block.kind == "Conv"
            assert total_cost(found.structure).flops <= budget.flops


def test_a_bottleneck_that_follows_bends_the_cost_anew_with_each_guess():
    space = Space(bottleneck_ratio=(0.25, 0.25))
    cost = total_cost(PARENT)
    budget = Budget(flops=int(0.8 * cost.flops), params=cost.params)
    mutator, rng = Mutator(space), Random(3)
    mutation = mutator.mutate(PARENT, rng, True)
    found = Trader(space, budget, mutator).trade(mutation, Draws(BY_FACTOR, 0.5), True)
    assert (found.level, found.field, found.after) == ("C4", "out_channels", 544)


def test_trades_of_a_random_walk_are_what_they_once_were():
    """From the place where a search begins to its budgets' edge, in both phases."""
    cost = total_cost(PARENT)
    budget = Budget(flops=cost.flops, params=cost.params, layers=cost.layers)
    space = Space(bottleneck_ratio=(0.05, 0.6))
    mutator, rng = Mutator(space), Random(2)
    trade = Trader(space, budget, mutator)
    found = []
    for number in range(120):
        mutation = mutator.mutate(PARENT, rng, number % 3 > 0)
        traded = trade.trade(mutation, rng, number % 3 > 0)
        if traded is not mutation:
            found.append(f"{traded.level} {traded.field} {traded.after}")
    assert found == TRADES.strip().splitlines()


TRADES = """
C3 out_channels 456
C4 out_channels 1016
C5 out_channels 2024
C4 out_channels 968
C5 bottleneck 104
C5 bottleneck 504
C2 out_channels 248
C4 out_channels 472
C1 out_channels 40
C3 out_channels 504
C3 bottleneck 120
C2 out_channels 232
C2 out_channels 192
C2 out_channels 248
C4 out_channels 1000
C2 bottleneck 40
C5 bottleneck 496
C4 out_channels 1000
C3 bottleneck 120
C5 out_channels 1320
C3 bottleneck 136
C4 bottleneck 248
C3 bottleneck 120
C3 out_channels 488
C4 depth 4
C3 out_channels 184
C4 bottleneck 160
C4 bottleneck 240
C2 out_channels 280
"""
