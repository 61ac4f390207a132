"""What cannot be built is refused with every reason at once."""

import pytest

from engine.checks import check
from engine.structure import Block, Structure, StructureError
from engine.zoo import ZOO

WHOLE = ZOO["initial"].structure


def problems(*blocks):
    with pytest.raises(StructureError) as caught:
        check(Structure(blocks))
    return str(caught.value)


def test_what_can_be_built_comes_back_as_it_is():
    assert check(WHOLE) is WHOLE


def test_a_structure_without_blocks():
    assert "has no blocks" in problems()


def test_an_unknown_kind_is_named_with_those_that_there_are():
    told = problems(WHOLE.blocks[0]._replace(kind="magic"), *WHOLE.blocks[1:])
    assert "block 1: unknown kind 'magic', use one of Conv, ResBlock" in told


def test_all_that_is_wrong_is_told_at_once():
    first, *others = WHOLE.blocks
    told = problems(first._replace(stride=1, in_channels=4), *others)
    assert "in is 4, but an image has 3 channels" in told
    assert "4 blocks have stride 2, but C1-C5 need exactly 5" in told
    assert "block 1: stride is not 2, but the stem opens level C1" in told


def test_channels_that_do_not_meet():
    first, *others = WHOLE.blocks
    told = problems(first._replace(out_channels=first.out_channels + 8), *others)
    assert f"but the block before it puts out {first.out_channels + 8} channels" in told


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"depth": 0}, "depth is 0, but must be at least 1"),
        ({"stride": 3}, "stride is 3, but must be 1 or 2"),
        ({"se": 4}, "se is 4, but a ResBlock has none"),
    ],
)
def test_numbers_that_a_block_cannot_have(values, words):
    stem, block, *rest = WHOLE.blocks
    assert words in problems(stem, block._replace(**values), *rest)


def test_what_is_wrong_with_several_blocks_alike_is_one_reason():
    stem, block, *rest = WHOLE.blocks
    broken = tuple(one._replace(kernel=4, depth=0) for one in (block, *rest[:2]))
    with pytest.raises(StructureError) as caught:
        check(Structure((stem, *broken, *rest[2:])))
    assert len(caught.value.each) == 6
    kernel, depth = caught.value.problems
    assert kernel == "blocks 2-4 (ResBlock): kernel is 4, but must be odd and at least 1"
    assert depth == "blocks 2-4 (ResBlock): depth is 0, but must be at least 1"


def test_pooling_keeps_the_channels():
    stem, *rest = WHOLE.blocks
    pool = Block("MaxPool", 3, stem.out_channels, 2 * stem.out_channels, 2)
    assert "but pooling keeps the channels" in problems(stem, pool, *rest)
