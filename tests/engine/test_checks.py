"""What cannot be built is refused with every reason at once."""

import pytest

from engine.checks import check
from engine.structure import Structure, StructureError
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
