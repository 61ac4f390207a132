"""Block types, one file each: what a block is made of, and what limits it.

A block lowers to units (a bottleneck, say), and a unit to layers. Costs, the
vanilla network of the entropy and any built module read the same lowering, so a
block type is described once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from engine.blocks.base import BlockType, Layer, Part, Unit
from engine.blocks.basicblock import BASICBLOCK
from engine.blocks.conv import CONV, SILUCONV
from engine.blocks.cspblocks import CSPK1KXBLOCK, CSPKXKXBLOCK
from engine.blocks.depthwiseblock import DEPTHWISEBLOCK
from engine.blocks.focus import FOCUS, SILUFOCUS
from engine.blocks.groupedblock import GROUPEDBLOCK
from engine.blocks.invertedblock import INVERTEDBLOCK
from engine.blocks.k1kxblock import K1KXBLOCK
from engine.blocks.kxkxblock import KXKXBLOCK
from engine.blocks.maxpool import MAXPOOL
from engine.blocks.mobileblock import MOBILEBLOCK
from engine.blocks.repblocks import REPK1KXBLOCK, REPKXKXBLOCK
from engine.blocks.resblock import RESBLOCK
from engine.blocks.spp import SPPBLOCK
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
        REPK1KXBLOCK,
        REPKXKXBLOCK,
        CSPK1KXBLOCK,
        CSPKXKXBLOCK,
        MOBILEBLOCK,
        SPPBLOCK,
        SILUCONV,
        SILUFOCUS,
    )
}


@lru_cache(maxsize=1 << 12)
def units(block: Block) -> tuple[tuple[Unit, int], ...]:
    """The block as (unit, how many in a row), image side first."""
    return KINDS[block.kind].units(block)


@lru_cache(maxsize=1 << 12)
def chain(block: Block) -> tuple[Layer, ...]:
    """The block's main path as a chain of layers, without what the vanilla network lacks:
    residual links and squeeze-and-excitation (Eq. 2).

    A convolution behind a concatenation takes in what the main path brings alone.
    """
    found: list[Layer] = []
    width = block.in_channels
    for unit, count in units(block):
        for layer in unit.path * count:
            if layer.op == "se":
                continue
            if layer.in_channels != width:
                layer = layer._replace(in_channels=width)
            found.append(layer)
            width = layer.out_channels
    return tuple(found)


@lru_cache(maxsize=1 << 10)
def layers_of_unit(kind: str, expansion: int) -> int:
    """Layers that each unit which `depth` counts adds to a block of that kind."""
    one, two = (chain(Block(kind, 3, 16, 16, 1, 16, depth, expansion, group=8)) for depth in (1, 2))
    return sum(layer.op == "conv" for layer in two) - sum(layer.op == "conv" for layer in one)


def without_bound(kinds: Iterable[str]) -> str | None:
    """Why nothing is proven of a space with these kinds; None if all of them have bounds."""
    unknown = sorted(kind for kind in kinds if not KINDS[kind].bounded)
    if not unknown:
        return None
    bounded = ", ".join(name for name, kind in KINDS.items() if kind.bounded)
    return (
        f"nothing is proven of spaces with a {unknown[0]}, whose costs are no polynomial "
        f"of its widths; bounds are known of {bounded}"
    )


__all__ = [
    "KINDS",
    "BlockType",
    "Layer",
    "Part",
    "Unit",
    "chain",
    "layers_of_unit",
    "units",
    "without_bound",
]
