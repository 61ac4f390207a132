"""Which operations a search can come to."""

from __future__ import annotations

from engine.blocks import KINDS
from engine.costs import halved
from engine.latency.operations import Family, Size, block_operations
from engine.settings import Space
from engine.structure import Block, Structure


def reachable_families(space: Space, initial: Structure, image_size: Size) -> list[Family]:
    """Families of the operations that mutations of a structure have, initial ones first."""
    found: dict[Family, None] = {}
    size = image_size
    for block in initial.blocks:
        after = halved(size, block.stride)
        for one in _variants(space, block):
            for operation, _ in block_operations(one, size):
                found[operation.family] = None
            if one.stride == 2 and one.depth > 1:  # the second half of a divided block
                second = one._replace(in_channels=one.out_channels, stride=1)
                for operation, _ in block_operations(second, after):
                    found[operation.family] = None
        size = after
    return list(found)


def _variants(space: Space, block: Block) -> list[Block]:
    """A block, and others that mutation can put in its place, widths aside."""
    variants = [block]
    kinds = space.blocks if block.kind in space.blocks else (block.kind,)
    for kind in kinds:
        adopted = block if kind == block.kind else KINDS[kind].adopt(block)
        mutable = KINDS[kind].mutable
        if "depth" in mutable:
            adopted = adopted._replace(depth=2)
        for kernel in space.kernels if "kernel" in mutable else (adopted.kernel,):
            for expansion in space.expansions if "expansion" in mutable else (adopted.expansion,):
                variants.append(adopted._replace(kernel=kernel, expansion=expansion))
    return variants
