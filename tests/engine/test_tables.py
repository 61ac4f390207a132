"""Tables 10-15 as printed, letter by letter, against the zoo and what it is counted to cost."""

import pytest

from engine.costs import PAPER_IMAGE_SIZE, block_costs, stage_costs, total_cost
from engine.structure import Block
from engine.zoo import ZOO

#: block, kernel, in, out, stride, bottleneck, # layers, level
TABLES = {
    "single-scale": """
        Conv     3 3    96   2 -   1 C1
        ResBlock 5 96   208  2 32  2 C2
        ResBlock 5 208  560  2 56  1 C3
        ResBlock 5 560  1264 2 112 2 C4
        ResBlock 5 1264 1712 2 224 3 C5
        ResBlock 5 1712 2048 1 224 3 C5
        ResBlock 5 2048 2048 1 256 4 C5
    """,
    "multi-scale-coarse": """
        Conv     3 3    32   2 -   1 C1
        ResBlock 5 32   128  2 24  1 C2
        ResBlock 5 128  512  2 72  5 C3
        ResBlock 5 512  1632 2 112 5 C4
        ResBlock 5 1632 2048 2 216 4 C5
    """,
    "maedet-m": """
        Conv     3 3    64   2 -   1 C1
        ResBlock 3 64   120  2 64  1 C2
        ResBlock 5 120  512  2 72  5 C3
        ResBlock 5 512  1632 2 112 5 C4
        ResBlock 5 1632 2048 2 184 4 C5
    """,
    "maedet-s": """
        Conv     3 3    32   2 -   1 C1
        ResBlock 5 32   48   2 32  1 C2
        ResBlock 3 48   272  2 120 2 C3
        ResBlock 5 272  1024 2 80  5 C4
        ResBlock 3 1024 2048 2 240 5 C5
    """,
    "maedet-l": """
        Conv     3 3    80   2 -   1 C1
        ResBlock 3 80   144  2 80  1 C2
        ResBlock 5 144  608  2 88  6 C3
        ResBlock 5 608  1912 2 136 6 C4
        ResBlock 5 1912 2400 2 220 5 C5
    """,
    "initial": """
        Conv     3 3    64   2 -   1 C1
        ResBlock 3 64   256  2 64  1 C2
        ResBlock 3 256  512  2 128 1 C3
        ResBlock 3 512  1024 2 256 1 C4
        ResBlock 3 1024 2048 2 512 1 C5
    """,
}

#: Tables 1, 4 and 8, and the authors' limits of layers: millions of parameters and
#: thousands of millions of FLOPs at 1280x800 to the digit that is printed, convolutions
PRINTED = {
    "maedet-s": ("21.2", "48.7", 79),
    "maedet-m": ("25.8", "89.9", 91),
    "maedet-l": ("43.9", "152.9", 109),
    "multi-scale-coarse": ("29.4", "88.7", 91),
}


def as_printed(block: Block, level: str) -> list[str]:
    """A row of Tables 10-15; "# layers" counts two bottlenecks as one (Appendix H)."""
    stem = block.kind == "Conv"
    inside = "-" if stem else str(block.bottleneck)
    layers = block.depth if stem else block.depth // 2
    assert stem or block.depth % 2 == 0
    numbers = (block.kernel, block.in_channels, block.out_channels, block.stride)
    return [block.kind, *map(str, numbers), inside, str(layers), level]


@pytest.mark.parametrize("name", TABLES)
def test_structures_are_those_of_tables_10_to_15(name):
    structure = ZOO[name].structure
    rows = [line.split() for line in TABLES[name].strip().splitlines()]
    assert [as_printed(*row) for row in zip(structure.blocks, structure.levels)] == rows


@pytest.mark.parametrize("name", PRINTED)
def test_params_flops_and_layers_are_the_printed_ones(name):
    params, flops, layers = PRINTED[name]
    cost = total_cost(ZOO[name].structure)
    assert (f"{cost.params / 1e6:.1f}", f"{cost.flops / 1e9:.1f}") == (params, flops)
    assert cost.layers == layers
    assert (ZOO[name].params, ZOO[name].flops) == (f"{params}M", f"{flops}G")


def test_what_else_the_paper_prints_of_the_zoo():
    assert PAPER_IMAGE_SIZE == (800, 1280)
    assert total_cost(ZOO["single-scale"].structure).params / 1e6 == pytest.approx(60.1, rel=2e-3)
    assert total_cost(ZOO["single-scale"].structure).layers == 91
    printed = {name: (entry.params, entry.flops, entry.ap) for name, entry in ZOO.items()}
    assert printed == {
        "maedet-s": ("21.2M", "48.7G", 44.7),
        "maedet-m": ("25.8M", "89.9G", 46.8),
        "maedet-l": ("43.9M", "152.9G", 47.6),
        "single-scale": ("60.1M", None, None),
        "multi-scale-coarse": ("29.4M", "88.7G", None),
        "initial": (None, None, None),
        "resnet-50": ("23.5M", "83.6G", 44.7),
        "resnet-101": ("42.4M", "159.5G", 46.3),
    }


# Costs counted by hand. A convolution has k x k x in x out / groups weights, and batch norm
# two more numbers a channel; FLOPs are the weights times the places of the output map, two
# for each element out of batch norm, and one for each element into an average pooling.


def stem_and(block: Block) -> tuple[Block, ...]:
    return (Block("Conv", 3, 3, 8, 2), block)


def costs_of(block: Block, size=(16, 12)) -> tuple[int, int, int]:
    cost = block_costs(_structure(stem_and(block)), size)[1]
    return cost.params, cost.flops, cost.layers


def _structure(blocks):
    return ZOO["initial"].structure._replace(blocks=tuple(blocks))


def test_a_convolution_by_hand():
    (cost,) = block_costs(_structure([Block("Conv", 3, 3, 8, 2)]), (16, 12))
    weights = 3 * 3 * 3 * 8
    assert (cost.params, cost.flops, cost.layers) == (
        weights + 2 * 8,
        8 * 6 * (weights + 2 * 8),
        1,
    )


def test_a_residual_block_by_hand():
    # behind the stem the map is 8 x 6, behind its stride 4 x 3
    first = [(1 * 8 * 4, 4, 8 * 6), (25 * 4 * 4, 4, 4 * 3), (1 * 4 * 24, 24, 4 * 3)]
    projection = [(1 * 8 * 24, 24, 4 * 3)]
    second = [(1 * 24 * 4, 4, 4 * 3), (25 * 4 * 4, 4, 4 * 3), (1 * 4 * 24, 24, 4 * 3)]
    layers = first + projection + 2 * second
    params = sum(weights + 2 * out for weights, out, _ in layers)
    flops = sum(places * (weights + 2 * out) for weights, out, places in layers)
    pooled = 8 * 8 * 6
    assert costs_of(Block("ResBlock", 5, 8, 24, 2, 4, 3)) == (params, flops + pooled, 9)


def test_an_odd_map_is_halved_upwards():
    first, second = (
        block_costs(_structure(stem_and(Block("Conv", 3, 8, 8, 2))), size)[1].flops
        for size in ((13, 9), (16, 12))
    )
    weights = 3 * 3 * 8 * 8 + 2 * 8
    # 13 x 9 becomes 7 x 5, and that 4 x 3
    assert (first, second) == (4 * 3 * weights, 4 * 3 * weights)


def test_an_inverted_block_with_excitation_by_hand():
    block = Block("InvertedBlock", 3, 8, 16, 2, 0, 2, 6, 32)
    layers = [(8 * 48, 48, 8 * 6), (9 * 48, 48, 4 * 3), (48 * 16, 16, 4 * 3)]
    layers += [(16 * 96, 96, 4 * 3), (9 * 96, 96, 4 * 3), (96 * 16, 16, 4 * 3)]
    params = sum(weights + 2 * out for weights, out, _ in layers)
    flops = sum(places * (weights + 2 * out) for weights, out, places in layers)
    for hidden, squeezed in ((48, 1), (96, 3)):
        weights = 2 * hidden * squeezed
        params += weights + hidden + squeezed
        flops += weights + hidden * 4 * 3
    assert costs_of(block) == (params, flops, 6)
    # fewer channels than the reduction leave one
    tiny = Block("InvertedBlock", 3, 8, 16, 2, 0, 1, 1, 32)
    convolutions = (9 * 8 + 2 * 8, 8 * 16 + 2 * 16)
    assert costs_of(tiny) == (
        sum(convolutions) + 2 * 8 * 1 + 8 + 1,
        4 * 3 * sum(convolutions) + 2 * 8 * 1 + 8 * 4 * 3,
        2,
    )


def test_pooling_costs_nothing_and_halves_what_comes_behind():
    blocks = [*stem_and(Block("MaxPool", 3, 8, 8, 2)), Block("Conv", 3, 8, 8, 1)]
    stem, pool, last = block_costs(_structure(blocks), (16, 12))
    assert tuple(pool) == (0, 0, 0)
    weights = 3 * 3 * 8 * 8 + 2 * 8
    assert tuple(last) == (weights, 4 * 3 * weights, 1)
    assert total_cost(_structure(blocks), (16, 12)) == stem + pool + last


def test_stages_are_sums_of_their_blocks():
    structure = ZOO["single-scale"].structure
    blocks = block_costs(structure, (64, 96))
    assert total_cost(structure, (64, 96)) == sum(blocks[1:], blocks[0])
    stages = stage_costs(structure, (64, 96))
    assert stages[:4] == blocks[:4]
    assert stages[4] == blocks[4] + blocks[5] + blocks[6]
    # at the paper's image without another one
    assert stage_costs(structure) == stage_costs(structure, (800, 1280))
    assert block_costs(structure) == block_costs(structure, (800, 1280))
    assert total_cost(structure) == total_cost(structure, (800, 1280))
