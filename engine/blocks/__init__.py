"""Block types, one file each: what a block is made of, and what limits it.

A block lowers to units (a bottleneck, say), and a unit to layers. Costs, the
vanilla network of the entropy and any built module read the same lowering, so a
block type is described once.
"""

from __future__ import annotations

from functools import lru_cache

from engine.blocks.base import BlockType, Layer, Unit
from engine.blocks.basicblock import BASICBLOCK
from engine.blocks.conv import CONV
from engine.blocks.depthwiseblock import DEPTHWISEBLOCK
from engine.blocks.focus import FOCUS
from engine.blocks.groupedblock import GROUPEDBLOCK
from engine.blocks.invertedblock import INVERTEDBLOCK
from engine.blocks.k1kxblock import K1KXBLOCK
from engine.blocks.kxkxblock import KXKXBLOCK
from engine.blocks.maxpool import MAXPOOL
from engine.blocks.resblock import RESBLOCK
from engine.blocks.zenblocks import ZENBASICBLOCK, ZENINVERTEDBLOCK, ZENRESBLOCK
from engine.structure import Block

KINDS: dict[str, BlockType] = {
    kind.name: kind
    for kind in (
        CONV,
        RESBLOCK,
        BASICBLOCK,
        INVERTEDBLOCK,
        MAXPOOL,
        FOCUS,
        K1KXBLOCK,
        KXKXBLOCK,
        GROUPEDBLOCK,
        DEPTHWISEBLOCK,
        ZENRESBLOCK,
        ZENBASICBLOCK,
        ZENINVERTEDBLOCK,
    )
}


@lru_cache(maxsize=1 << 12)
def units(block: Block) -> tuple[tuple[Unit, int], ...]:
    """The block as (unit, how many in a row), image side first."""
    return KINDS[block.kind].units(block)


@lru_cache(maxsize=1 << 12)
def chain(block: Block) -> tuple[Layer, ...]:
    """The block's main path as a chain of layers, without what the vanilla network lacks:
    residual links and squeeze-and-excitation (Eq. 2)."""
    return tuple(
        layer
        for unit, count in units(block)
        for _ in range(count)
        for layer in unit.main
        if layer.op != "se"
    )


__all__ = ["KINDS", "BlockType", "Layer", "Unit", "chain", "units"]
