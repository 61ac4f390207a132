"""Algorithm 2: one block of a structure changes in one respect.

Coarse mutation changes the kind of a block (where the space has several), its kernel,
a width (of the output or the bottleneck), its expansion or its depth; fine mutation
the kernel or a width (section 4.3, Appendix A). What a kind of block can change at all
is said in its file in `engine.blocks`.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from engine.blocks import KINDS
from engine.search.rules import Widths
from engine.search.widths import bottleneck_near
from engine.settings import Space
from engine.structure import LEVELS, Block, Structure, level_name, stage_bounds

#: Appendix A
WIDTH_FACTORS = (1 / 1.5, 1 / 1.25, 1.0, 1.25, 1.5, 2.0)
DEPTH_STEPS = (-2, -1, 1, 2)

#: the paper's column headings for what can change
HEADINGS = {
    "kind": "block",
    "kernel": "kernel",
    "out_channels": "out",
    "bottleneck": "bottleneck",
    "depth": "depth",
    "expansion": "expansion",
}


class Mutation(NamedTuple):
    """A mutated structure, and what was done to get it.

    position: of the mutated block in the parent, from 0. field: of `Block`. earlier: the mutation
    that this one was made on top of, if any.
    """

    structure: Structure
    level: str
    position: int
    field: str
    before: int | str
    after: int | str
    earlier: Mutation | None = None

    def __str__(self) -> str:
        """What was done in words; of several changes those that changed something."""
        changes: list[str] = []
        one: Mutation | None = self
        while one is not None:
            if one.before != one.after:
                changes.append(f"{one.level} {HEADINGS[one.field]} {one.before} -> {one.after}")
            one = one.earlier
        return ", ".join(reversed(changes)) or "nothing changed"


class Mutator:
    """MUTATE of Algorithm 2 within a search space.

    compound: probability of one more mutation on top of each one (0 in the paper).
    """

    def __init__(self, space: Space, compound: float = 0.0):
        self.space = space
        self.compound = compound
        self._widths = Widths(space)
        self._choices: dict[tuple[str, bool], tuple[str, ...]] = {}

    def mutate(self, structure: Structure, rng: Random, fine: bool) -> Mutation:
        """A mutated copy of the structure, within the space.

        A block is drawn uniformly among those that can change, then what to change,
        then to what; a width factor of 1, or a limit of the space, can leave the
        structure as it was.
        """
        mutation = self._once(structure, rng, fine)
        while self.compound and rng.random() < self.compound:
            mutation = self._once(mutation.structure, rng, fine)._replace(earlier=mutation)
        return mutation

    def _once(self, structure: Structure, rng: Random, fine: bool) -> Mutation:
        blocks = structure.blocks
        random = rng.random
        while True:
            index = int(random() * len(blocks))
            block = blocks[index]
            fields = self._fields(block.kind, fine)
            if fields:
                break
            if not any(self._fields(block.kind, fine) for block in blocks):
                kernel = block.kernel  # nothing can change, and another draw would not help
                return Mutation(
                    structure, level_name(blocks, index), index, "kernel", kernel, kernel
                )
        field = fields[int(random() * len(fields))]
        before: int | str = getattr(block, field)
        after: int | str
        draw = random()
        if field == "out_channels":
            changed = self.resized(blocks, index, field, self._width(block.out_channels, draw))
            after = changed[index].out_channels
        elif field == "bottleneck":
            changed = self.resized(blocks, index, field, self._width(block.bottleneck, draw))
            after = changed[index].bottleneck
        elif field == "depth":
            after = depth = self._depth(blocks, index, draw)
            changed = self.deepened(blocks, index, depth)
        elif field == "kernel":
            after = kernel = self.space.kernels[int(draw * len(self.space.kernels))]
            changed = replaced(blocks, index, block._replace(kernel=kernel))
        elif field == "expansion":
            after = expansion = self.space.expansions[int(draw * len(self.space.expansions))]
            changed = replaced(blocks, index, block._replace(expansion=expansion))
        else:
            kind = self.space.blocks[int(draw * len(self.space.blocks))]
            changed = replaced(blocks, index, self._adopted(block, kind))
            after = changed[index].kind
        level = level_name(blocks, index)
        return Mutation(Structure(changed), level, index, field, before, after)

    def _fields(self, kind: str, fine: bool) -> tuple[str, ...]:
        """What can change about a block of that kind."""
        fields = self._choices.get((kind, fine))
        if fields is None:
            fields = tuple(f for f in KINDS[kind].mutable if not (fine and f == "depth"))
            if not fine and kind in self.space.blocks and len(self.space.blocks) > 1:
                fields = ("kind", *fields)
            self._choices[kind, fine] = fields
        return fields

    def _width(self, width: int, draw: float) -> int:
        step = self.space.width_step
        scaled = width * WIDTH_FACTORS[int(draw * len(WIDTH_FACTORS))]
        return max(step, min(self.space.max_width, round(scaled / step) * step))

    def resized(
        self, blocks: tuple[Block, ...], index: int, field: str, width: int
    ) -> tuple[Block, ...]:
        """Blocks with another "out_channels" or "bottleneck" of one, the neighbours and the
        share of the bottleneck following; as they were where no bottleneck has that share. An
        output goes as far as the rules on widths let it."""
        if field == "out_channels" and self._widths.ruled:
            least, most = self._widths.room(blocks, index)
            if least > most:
                return blocks
            width = max(least, min(most, width))
        out = width if field == "out_channels" else blocks[index].out_channels
        inside = width if field == "bottleneck" else blocks[index].bottleneck
        if inside:
            low, high = self.space.bottleneck_ratio
            if not low <= inside / out <= high:
                fitting = bottleneck_near(self.space, out, inside)
                if fitting is None:
                    return blocks
                inside = fitting
            if inside != blocks[index].bottleneck:
                blocks = replaced(blocks, index, blocks[index]._replace(bottleneck=inside))
        return widened(blocks, index, width) if field == "out_channels" else blocks

    def _adopted(self, block: Block, kind: str) -> Block:
        """The block as one of another kind, its new numbers in the space; as it was where
        the space has none for it."""
        adopted = KINDS[kind].adopt(block)
        if adopted.bottleneck:
            inside = bottleneck_near(self.space, adopted.out_channels, adopted.bottleneck)
            if inside is None:
                return block
            adopted = adopted._replace(bottleneck=inside)
        if adopted.expansion:
            nearest = min(self.space.expansions, key=lambda e: abs(e - adopted.expansion))
            adopted = adopted._replace(expansion=nearest)
        return adopted

    def _depth(self, blocks: tuple[Block, ...], index: int, draw: float) -> int:
        """The new depth, between 1 and what the stage's limit leaves to this block."""
        depth = blocks[index].depth
        wished = depth + DEPTH_STEPS[int(draw * len(DEPTH_STEPS))]
        return max(1, min(wished, depth + self.depth_left(blocks, index)))

    def depth_left(self, blocks: tuple[Block, ...], index: int) -> int:
        """How much deeper a block may get within its stage; below 0 in one that is too deep."""
        for stage, (start, end) in enumerate(stage_bounds(blocks)):
            if start <= index < end:
                present = sum(
                    blocks[i].depth
                    for i in range(start, end)
                    if i == index or "depth" in KINDS[blocks[i].kind].fields
                )
                return self.space.stage_depths[stage] - present
        raise ValueError(f"block {index} is in none of the stages {LEVELS}")

    def deepened(self, blocks: tuple[Block, ...], index: int, depth: int) -> tuple[Block, ...]:
        """Blocks with one of another depth; too deep a block is divided into two equal
        ones, so that its halves can go on to differ (Appendix A)."""
        block = blocks[index]
        if depth <= self.space.split_above:
            return replaced(blocks, index, block._replace(depth=depth))
        first = block._replace(depth=depth - depth // 2)
        second = block._replace(in_channels=block.out_channels, stride=1, depth=depth // 2)
        return (*blocks[:index], first, second, *blocks[index + 1 :])


def replaced(blocks: tuple[Block, ...], index: int, block: Block) -> tuple[Block, ...]:
    """Blocks with one in the place of another."""
    return (*blocks[:index], block, *blocks[index + 1 :])


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
