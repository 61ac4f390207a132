"""Algorithm 2: one block of a structure changes in one respect.

Coarse mutation changes the kernel, a width (of the output or the bottleneck) or the
depth of a block; fine mutation the kernel or a width (section 4.3, Appendix A). What
a kind of block can change at all is said in its file in `engine.blocks`.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import NamedTuple

from engine.blocks import KINDS
from engine.settings import Space
from engine.structure import LEVELS, Block, Structure, level_names, stage_bounds

#: Appendix A
WIDTH_FACTORS = (1 / 1.5, 1 / 1.25, 1.0, 1.25, 1.5, 2.0)
DEPTH_STEPS = (-2, -1, 1, 2)

#: the paper's column headings for what can change
HEADINGS = {
    "kernel": "kernel",
    "out_channels": "out",
    "bottleneck": "bottleneck",
    "depth": "depth",
}


class Mutation(NamedTuple):
    """A mutated structure, and what was done to get it.

    index: of the mutated block in the parent. field: of `Block`.
    """

    structure: Structure
    level: str
    index: int
    field: str
    before: int
    after: int

    def __str__(self) -> str:
        return f"{self.level} {HEADINGS[self.field]} {self.before} -> {self.after}"


@lru_cache(maxsize=64)
def _choices(kind: str, fine: bool) -> tuple[str, ...]:
    return tuple(field for field in KINDS[kind].mutable if not (fine and field == "depth"))


class Mutator:
    """MUTATE of Algorithm 2 within a search space."""

    def __init__(self, space: Space):
        self.space = space

    def mutate(self, structure: Structure, rng: Random, fine: bool) -> Mutation:
        """A mutated copy of the structure, within the space.

        A block is drawn uniformly among those that can change, then what to change,
        then to what; a width factor of 1, or a limit of the space, can leave the
        structure as it was.
        """
        blocks = structure.blocks
        random = rng.random
        while True:
            index = int(random() * len(blocks))
            fields = _choices(blocks[index][0], fine)
            if fields:
                break
        field = fields[int(random() * len(fields))]
        block = blocks[index]
        if field == "kernel":
            kernels = self.space.kernels
            before = block.kernel
            after = kernels[int(random() * len(kernels))]
            changed = (*blocks[:index], block._replace(kernel=after), *blocks[index + 1 :])
        elif field == "out_channels":
            before = block.out_channels
            after = self._width(before, random())
            changed = widened(blocks, index, after)
        elif field == "bottleneck":
            before = block.bottleneck
            after = self._width(before, random())
            changed = (*blocks[:index], block._replace(bottleneck=after), *blocks[index + 1 :])
        else:
            before = block.depth
            after = self._depth(blocks, index, random())
            changed = self._deepened(blocks, index, after)
        level = level_names(blocks)[index]
        return Mutation(Structure(changed), level, index, field, before, after)

    def _width(self, width: int, draw: float) -> int:
        step = self.space.width_step
        scaled = width * WIDTH_FACTORS[int(draw * len(WIDTH_FACTORS))]
        return max(step, min(self.space.max_width, round(scaled / step) * step))

    def _depth(self, blocks: tuple[Block, ...], index: int, draw: float) -> int:
        """The new depth, between 1 and what the stage's limit leaves to this block."""
        depth = blocks[index].depth
        wished = depth + DEPTH_STEPS[int(draw * len(DEPTH_STEPS))]
        for stage, (start, end) in enumerate(stage_bounds(blocks)):
            if start <= index < end:
                others = sum(
                    blocks[i].depth
                    for i in range(start, end)
                    if i != index and "depth" in KINDS[blocks[i].kind].mutable
                )
                return max(1, min(wished, self.space.stage_depths[stage] - others))
        raise ValueError(f"block {index} is in none of the stages {LEVELS}")

    def _deepened(self, blocks: tuple[Block, ...], index: int, depth: int) -> tuple[Block, ...]:
        """Blocks with one of another depth; too deep a block is divided into two equal
        ones, so that its halves can go on to differ (Appendix A)."""
        block = blocks[index]
        if depth <= self.space.split_above:
            return (*blocks[:index], block._replace(depth=depth), *blocks[index + 1 :])
        first = block._replace(depth=depth - depth // 2)
        second = block._replace(in_channels=block.out_channels, stride=1, depth=depth // 2)
        return (*blocks[:index], first, second, *blocks[index + 1 :])


def widened(blocks: tuple[Block, ...], index: int, width: int) -> tuple[Block, ...]:
    """Blocks with the output of one at another width, which the next ones follow: a
    block that cannot change its width itself passes it on."""
    changed = list(blocks)
    changed[index] = blocks[index]._replace(out_channels=width)
    for i in range(index + 1, len(blocks)):
        block = blocks[i]
        if "out_channels" in KINDS[block.kind].mutable:
            changed[i] = block._replace(in_channels=width)
            break
        changed[i] = block._replace(in_channels=width, out_channels=width)
    return tuple(changed)
