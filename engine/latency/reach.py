"""Which operations a search can come to."""

from __future__ import annotations

from random import Random

from engine.blocks import KINDS
from engine.costs import halved, total_cost
from engine.latency.operations import Family, Size, block_operations
from engine.search.mutation import Mutator
from engine.settings import Space
from engine.structure import Block, Structure

#: walks to typical structures, their mutations, and how much more they may cost
WALKS, MUTATIONS, MOST_TIMES = 4, 40, 2


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


def typical_structures(space: Space, initial: Structure) -> list[Structure]:
    """Whole backbones that stand for those of a search: the initial one, and some along
    walks of coarse mutations from it, of at most a few times its cost."""
    rng, mutator = Random(WALKS), Mutator(space)
    found, most = [initial], MOST_TIMES * total_cost(initial).flops
    for _ in range(WALKS):
        structure = initial
        for _ in range(MUTATIONS):
            child = mutator.mutate(structure, rng, fine=False).structure
            if total_cost(child).flops <= most:
                structure = child
        found.append(structure)
    return found


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
