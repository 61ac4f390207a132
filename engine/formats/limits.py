"""Numbers beyond which a structure in a file is a mistake, or meant to hang the program."""

from __future__ import annotations

from collections.abc import Iterable

from engine.structure import Block, StructureError

MAX_BLOCKS = 1_000
MAX_BOTTLENECKS = 10_000
#: largest value of each number of a block, by field name of `Block`
MAX_VALUES = {
    "kernel": 99,
    "in_channels": 1_000_000,
    "out_channels": 1_000_000,
    "stride": 2,
    "bottleneck": 1_000_000,
    "depth": MAX_BOTTLENECKS,
    "expansion": 100,
    "se": 1_000,
    "group": 1_000_000,
}


def refuse_oversized(blocks: Iterable[Block]) -> None:
    """Raise StructureError for more blocks or bottlenecks than anything real has."""
    blocks = tuple(blocks)
    if len(blocks) > MAX_BLOCKS:
        raise StructureError([f"{len(blocks)} blocks, but at most {MAX_BLOCKS} are read"])
    bottlenecks = sum(block.depth for block in blocks)
    if bottlenecks > MAX_BOTTLENECKS:
        raise StructureError(
            [f"{bottlenecks} bottlenecks in all, but at most {MAX_BOTTLENECKS} are read"]
        )
