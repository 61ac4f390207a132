"""Appendix A's numbers, written down here: factors of widths, steps of depth, kernels, where a
block is divided, and what a mutation does to the blocks beside it."""

import pytest

from engine.search.mutation import Mutator
from engine.search.widths import bottleneck_near, bottlenecks, outputs_with_bottleneck
from engine.settings import Space
from engine.structure import Block, Structure

#: 240 and 480 times each factor is a multiple of 8
PARENT = Structure(
    (
        Block("Conv", 3, 3, 64, 2),
        Block("ResBlock", 3, 64, 240, 2, 480, 5),
        Block("ResBlock", 5, 240, 240, 2, 480, 5),
        Block("ResBlock", 3, 240, 240, 2, 480, 5),
        Block("ResBlock", 3, 240, 240, 2, 480, 5),
    )
)
DEEP = (1, 12, 12, 12, 12)


class Draws:
    """Stands in for `random.Random`, with the draws written down."""

    def __init__(self, *draws: float):
        self.draws = list(draws)

    def random(self) -> float:
        return self.draws.pop(0)


def mutated(structure, field, draw, space=None, block=1, fine=False, order=None):
    """The structure with one block mutated in that field, by that draw."""
    order = order or ("kernel", "out_channels", "bottleneck", "depth")
    order = tuple(one for one in order if not (fine and one == "depth"))
    blocks = structure.blocks
    draws = Draws((block + 0.5) / len(blocks), (order.index(field) + 0.5) / len(order), draw)
    mutation = Mutator(space or Space(stage_depths=DEEP)).mutate(structure, draws, fine)
    assert draws.draws == []
    assert mutation.position == block
    assert mutation.field == field and mutation.before == getattr(blocks[block], field)
    return mutation


def sixths():
    return [(number + 0.5) / 6 for number in range(6)]


@pytest.mark.parametrize("fine", [False, True])
def test_a_width_is_multiplied_by_one_of_six_factors(fine):
    space = Space(stage_depths=DEEP, max_width=10_000)
    # times 1/1.5, 1/1.25, 1, 1.25, 1.5 and 2
    outs = [mutated(PARENT, "out_channels", draw, space, fine=fine) for draw in sixths()]
    assert [one.after for one in outs] == [160, 192, 240, 304, 360, 480]
    insides = [mutated(PARENT, "bottleneck", draw, space, fine=fine) for draw in sixths()]
    assert [one.after for one in insides] == [320, 384, 480, 600, 720, 960]


def test_factors_to_the_digit():
    # 1/1.5 and 1/1.25 of a width that tells them from 0.67, 0.8333 and 0.79
    wide = Structure((Block("Conv", 3, 3, 6000, 2), *PARENT.blocks[1:]))
    space = Space(width_step=1, max_width=100_000, stage_depths=DEEP)
    found = [
        mutated(wide, "out_channels", draw, space, block=0, order=("out_channels",)).after
        for draw in sixths()
    ]
    assert found == [4000, 4800, 6000, 7500, 9000, 12000]


def test_widths_stay_between_one_step_and_the_largest():
    space = Space(stage_depths=DEEP, max_width=400)
    assert mutated(PARENT, "out_channels", 0.99, space).after == 400
    thin = Structure((PARENT.blocks[0], PARENT.blocks[1]._replace(bottleneck=8)))
    assert mutated(thin, "bottleneck", 0.0, space).after == 8
    assert mutated(thin, "bottleneck", 0.99, Space(width_step=8)).after == 16
    # to the nearest multiple: 24 / 1.5 is 16, 24 / 1.25 is 19.2, 24 x 1.25 is 30
    thin = Structure((PARENT.blocks[0], PARENT.blocks[1]._replace(bottleneck=24)))
    found = [mutated(thin, "bottleneck", draw, space).after for draw in sixths()]
    assert found == [16, 16, 24, 32, 32, 48]
    coarse = Space(stage_depths=DEEP, width_step=16)
    assert mutated(PARENT, "out_channels", 0.25, coarse).after == 192
    assert mutated(PARENT, "out_channels", 0.0, coarse).after == 160


def test_depth_goes_up_or_down_by_one_or_two():
    found = [mutated(PARENT, "depth", draw).after for draw in (0.1, 0.3, 0.6, 0.9)]
    assert found == [3, 4, 6, 7]


def test_depth_stays_between_one_and_what_its_stage_leaves():
    shallow = Structure((PARENT.blocks[0], PARENT.blocks[1]._replace(depth=1)))
    assert mutated(shallow, "depth", 0.1).after == 1
    assert mutated(shallow, "depth", 0.9).after == 3
    two = Structure((*PARENT.blocks[:2], Block("ResBlock", 3, 240, 240, 1, 480, 4)))
    space = Space(stage_depths=(1, 10, 10, 10, 10))
    assert mutated(two, "depth", 0.9, space).after == 6
    assert mutated(two, "depth", 0.6, space).after == 6
    assert mutated(two, "depth", 0.9, space, block=2).after == 5
    # other stages take nothing away
    assert mutated(PARENT, "depth", 0.9, Space(stage_depths=(1, 7, 7, 7, 7)), block=3).after == 7
    # a pooling has no depth, and takes none away
    pool = Block("MaxPool", 3, 240, 240, 1)
    with_pool = Structure((*PARENT.blocks[:2], pool))
    assert mutated(with_pool, "depth", 0.9, Space(stage_depths=(1, 7, 7, 7, 7))).after == 7
    assert mutated(with_pool, "depth", 0.9, Space(stage_depths=(1, 6, 6, 6, 6))).after == 6


def test_kernels_are_3_and_5():
    found = [mutated(PARENT, "kernel", draw).after for draw in (0.0, 0.49, 0.51, 0.99)]
    assert found == [3, 3, 5, 5]
    assert mutated(PARENT, "kernel", 0.99, Space(kernels=(3, 5, 7))).after == 7


def test_a_block_deeper_than_10_is_divided_into_two_equal_ones():
    nine = Structure((PARENT.blocks[0], PARENT.blocks[1]._replace(depth=9), *PARENT.blocks[2:]))
    ten = mutated(nine, "depth", 0.6)
    assert ten.after == 10 and len(ten.structure.blocks) == 5
    eleven = mutated(nine, "depth", 0.9)
    assert eleven.after == 11
    assert eleven.structure.blocks == (
        PARENT.blocks[0],
        Block("ResBlock", 3, 64, 240, 2, 480, 6),
        Block("ResBlock", 3, 240, 240, 1, 480, 5),
        *PARENT.blocks[2:],
    )
    full = Structure((PARENT.blocks[0], PARENT.blocks[1]._replace(depth=10)))
    twelve = mutated(full, "depth", 0.9).structure.blocks
    assert [(block.depth, block.stride) for block in twelve[1:]] == [(6, 2), (6, 1)]
    early = mutated(nine, "depth", 0.9, Space(stage_depths=DEEP, split_above=4))
    assert [block.depth for block in early.structure.blocks] == [1, 6, 5, 5, 5, 5]


def test_a_width_is_followed_by_the_next_block():
    blocks = mutated(PARENT, "out_channels", 0.99).structure.blocks
    assert blocks == (
        PARENT.blocks[0],
        PARENT.blocks[1]._replace(out_channels=480),
        PARENT.blocks[2]._replace(in_channels=480),
        *PARENT.blocks[3:],
    )
    pool = Block("MaxPool", 3, 64, 64, 2)
    pooled = Structure((PARENT.blocks[0], pool, pool._replace(stride=1), *PARENT.blocks[1:]))
    stem = mutated(pooled, "out_channels", 0.99, block=0, order=("out_channels",))
    assert [block[2:4] for block in stem.structure.blocks] == [
        (3, 128), (128, 128), (128, 128), (128, 240), (240, 240), (240, 240), (240, 240),
    ]  # fmt: skip
    last = mutated(PARENT, "out_channels", 0.99, block=4).structure.blocks
    assert last == (*PARENT.blocks[:4], PARENT.blocks[4]._replace(out_channels=480))


def test_the_blocks_that_nothing_can_change_are_drawn_again():
    pool = Block("MaxPool", 3, 64, 64, 2)
    structure = Structure((PARENT.blocks[0], pool, *PARENT.blocks[1:]))
    draws = Draws(1.5 / 6, 2.5 / 6, 0.1, 0.9)
    mutation = Mutator(Space()).mutate(structure, draws, False)
    assert (mutation.field, mutation.level, mutation.after) == ("kernel", "C3", 5)
    pools = Structure((pool, pool))
    mutation = Mutator(Space()).mutate(pools, Draws(0.9), False)
    assert mutation.structure == pools
    assert mutation[1:] == ("C2", 1, "kernel", 3, 3, None)


def test_a_kind_is_drawn_where_the_space_has_several():
    kinds = ("ResBlock", "BasicBlock", "InvertedBlock")
    space = Space(blocks=kinds, stage_depths=DEEP, bottleneck_ratio=(0.1, 1.0), expansions=(1, 3))
    order = ("kind", "kernel", "out_channels", "bottleneck", "depth")
    found = [mutated(PARENT, "kind", draw, space, order=order) for draw in (0.1, 0.5, 0.9)]
    assert [one.after for one in found] == list(kinds)
    changed = [one.structure.blocks[1] for one in found]
    assert changed[0] == Block("ResBlock", 3, 64, 240, 2, 240, 5)
    assert changed[1] == Block("BasicBlock", 3, 64, 240, 2, 240, 5)
    # 6 is the expansion that a block takes on, and 3 the largest that this space has
    assert changed[2] == Block("InvertedBlock", 3, 64, 240, 2, 0, 5, 3)
    # a stem keeps its kind, and so does everything in fine mutation
    assert mutated(PARENT, "out_channels", 0.42, space, 0, order=("out_channels",)).after == 64
    assert mutated(PARENT, "kernel", 0.9, space, fine=True).after == 5
    order = ("kind", "kernel", "out_channels", "expansion", "depth")
    inverted = found[2].structure
    found = [mutated(inverted, "expansion", draw, space, order=order) for draw in (0.1, 0.9)]
    assert [one.after for one in found] == [1, 3]
    assert [one.structure.blocks[1].expansion for one in found] == [1, 3]


def test_a_kind_that_no_bottleneck_fits_is_not_taken_on():
    space = Space(
        blocks=("ResBlock", "InvertedBlock"), bottleneck_ratio=(0.3, 0.3), stage_depths=DEEP
    )
    inverted = Structure((PARENT.blocks[0], Block("InvertedBlock", 3, 64, 248, 2, 0, 2, 6)))
    order = ("kind", "kernel", "out_channels", "expansion", "depth")
    mutation = mutated(inverted, "kind", 0.1, space, order=order)
    assert mutation.structure == inverted and mutation.after == "InvertedBlock"


def test_a_bottleneck_keeps_its_share_of_the_output():
    half = Space(stage_depths=DEEP, bottleneck_ratio=(0.25, 0.5))
    parent = Structure(
        tuple(
            block._replace(bottleneck=96) if block.bottleneck else block for block in PARENT.blocks
        )
    )
    # 240 x 2 = 480 wants 120 at least
    wider = mutated(parent, "out_channels", 0.99, half).structure.blocks[1]
    assert (wider.out_channels, wider.bottleneck) == (480, 120)
    narrower = mutated(parent, "out_channels", 0.0, half).structure.blocks[1]
    assert (narrower.out_channels, narrower.bottleneck) == (160, 80)
    kept = mutated(parent, "out_channels", 0.25, half).structure.blocks[1]
    assert (kept.out_channels, kept.bottleneck) == (192, 96)
    inside = mutated(parent, "bottleneck", 0.99, half)
    assert inside.after == 120 and inside.structure.blocks[1].out_channels == 240
    # one that keeps its share stays as it is, be it no multiple of the step
    for bottleneck in (50, 70, 100):
        odd = PARENT.blocks[1]._replace(out_channels=200, bottleneck=bottleneck)
        odd = Structure((PARENT.blocks[0], odd))
        assert mutated(odd, "out_channels", 0.42, half).structure == odd
    # a width beside which no bottleneck has that share is not taken
    third = Space(stage_depths=DEEP, bottleneck_ratio=(0.3, 0.3))
    exact = Structure((PARENT.blocks[0], PARENT.blocks[1]._replace(bottleneck=72)))
    same = mutated(exact, "out_channels", 0.6, third)
    assert same.structure == exact and same.after == 240
    assert mutated(exact, "out_channels", 0.99, third).structure.blocks[1].bottleneck == 144


@pytest.mark.parametrize(
    ("share", "width", "inside"),
    # in steps: 62.99999999999999, 7.000000000000001, 28.999999999999996, 3 at once
    [(0.7, 720, 504), (0.14, 400, 56), (0.58, 400, 232), (0.3, 80, 24)],
)
def test_a_share_that_a_width_meets_exactly_survives_its_rounding(share, width, inside):
    space = Space(bottleneck_ratio=(share, share))
    assert bottlenecks(space, width) == (inside, inside)
    assert bottleneck_near(space, width, 8) == inside


def test_bottlenecks_lie_within_the_space():
    assert bottlenecks(Space(), 240) == (8, 2048)
    assert bottlenecks(Space(bottleneck_ratio=(0.25, 1.0)), 240) == (64, 240)
    assert bottlenecks(Space(bottleneck_ratio=(0.25, 1.0), width_step=16), 240) == (64, 240)
    assert bottlenecks(Space(bottleneck_ratio=(0.5, 4.0), max_width=300), 240) == (120, 296)
    assert bottlenecks(Space(bottleneck_ratio=(0.3, 0.3)), 240) == (72, 72)
    assert bottlenecks(Space(bottleneck_ratio=(0.3, 0.3)), 248) is None
    assert bottlenecks(Space(bottleneck_ratio=(0.0, 0.01)), 240) is None
    space = Space(bottleneck_ratio=(0.25, 0.5))
    assert [bottleneck_near(space, 240, wish) for wish in (8, 64, 99, 101, 500)] == [
        64, 64, 96, 104, 120,
    ]  # fmt: skip
    assert bottleneck_near(Space(bottleneck_ratio=(0.3, 0.3)), 248, 80) is None
    few = Space(bottleneck_ratio=(0.3, 0.3), max_width=240)
    assert outputs_with_bottleneck(few) == [80, 160, 240]
    assert outputs_with_bottleneck(Space(max_width=32)) == [8, 16, 24, 32]
    assert outputs_with_bottleneck(Space(width_step=1, max_width=3)) == [1, 2, 3]


def test_a_compound_mutation_is_made_on_top_of_another():
    mutator = Mutator(Space(stage_depths=DEEP), compound=0.4)
    draws = Draws(0.3, 0.1, 0.9, 0.39, 0.5, 0.1, 0.1, 0.4)
    mutation = mutator.mutate(PARENT, draws, False)
    assert draws.draws == []
    assert str(mutation) == "C2 kernel 3 -> 5, C3 kernel 5 -> 3"
    idle = mutation._replace(field="depth", before=3, after=3)
    assert str(idle) == "C2 kernel 3 -> 5"
    assert str(mutation._replace(earlier=idle)) == str(mutation)
    assert str(idle._replace(earlier=None)) == "nothing changed"
    assert [block.kernel for block in mutation.structure.blocks] == [3, 5, 3, 3, 3]
    assert mutation.earlier.structure.blocks[2].kernel == 5
    # fine stays fine: of three things to change the last is the bottleneck, not the depth
    draws = Draws(0.3, 0.1, 0.9, 0.39, 0.5, 0.9, 0.99, 0.4)
    assert mutator.mutate(PARENT, draws, True).field == "bottleneck"
    # without it no random number is drawn for the question
    draws = Draws(0.3, 0.1, 0.9)
    assert Mutator(Space()).mutate(PARENT, draws, False).earlier is None
