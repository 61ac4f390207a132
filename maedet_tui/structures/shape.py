"""What a drawing of a structure needs to know of it."""

from __future__ import annotations

from engine.costs import halved
from engine.structure import Block, Structure


def inner_width(block: Block) -> int:
    """Channels inside a block's bottlenecks; 0 of a kind that has none."""
    return block.bottleneck or block.in_channels * block.expansion


def map_sizes(structure: Structure, image_size: tuple[int, int]) -> list[tuple[int, int]]:
    """(height, width) of the map that each block puts out."""
    sizes, size = [], image_size
    for block in structure.blocks:
        size = halved(size, block.stride)
        sizes.append(size)
    return sizes
