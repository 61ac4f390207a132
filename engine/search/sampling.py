"""Random search (Appendix F): structures drawn from the space, whatever their score."""

from __future__ import annotations

from math import ceil, exp, log
from random import Random

from engine.blocks import KINDS
from engine.search.rules import Widths
from engine.search.widths import bottleneck_near, bottlenecks, outputs_with_bottleneck
from engine.settings import Space
from engine.structure import Block, Structure

ORIGIN = "drawn at random"


def smallest(space: Space, initial: Structure) -> list[Structure]:
    """The narrowest and shallowest structures that a search from the initial one can come
    to, one for each kind of block: what a budget must leave room for.

    Each block of the initial structure has its like, since no mutation takes one away.
    """
    found = []
    least = _least_outputs(space, initial)
    for kind in space.blocks:
        blocks: list[Block] = []
        width = initial.blocks[0].in_channels
        for template, out in zip(initial.blocks, least):
            blocks.append(_smallest_block(space, kind, template, width, out))
            width = blocks[-1].out_channels
        found.append(Structure(tuple(blocks)))
    return found


def _least_outputs(space: Space, initial: Structure) -> list[int]:
    """The least output width that the rules leave to each block of the initial structure."""
    widths = Widths(space)
    least = [widths.of_stage(stage)[0] for stage, row in enumerate(initial.stages) for _ in row]
    if widths.ruled:
        for place in range(len(least) - 1, 0, -1):  # what comes later is not reached at once
            least[place - 1] = max(least[place - 1], widths.before(least[place])[0])
        if space.monotone_widths:
            for place in range(1, len(least)):
                least[place] = max(least[place], least[place - 1])
    return least


def _smallest_block(space: Space, kind: str, template: Block, width: int, least: int) -> Block:
    own = KINDS[kind if template.kind in space.blocks else template.kind]
    block = own.adopt(template)._replace(in_channels=width)
    if "out_channels" not in own.mutable:
        return block._replace(out_channels=width)
    block = block._replace(
        out_channels=least,
        kernel=min(space.kernels) if "kernel" in own.mutable else block.kernel,
        depth=1 if "depth" in own.mutable else block.depth,
        expansion=min(space.expansions) if "expansion" in own.mutable else block.expansion,
    )
    if "bottleneck" in own.mutable:
        fitting = (out for out in outputs_with_bottleneck(space) if out >= least)
        out = next(fitting, least)
        inside = bottleneck_near(space, out, 0) or space.width_step
        block = block._replace(out_channels=out, bottleneck=inside)
    return block


class Sampler:
    """Draws structures with the blocks of the initial one.

    Kinds, kernels, expansions and depths are uniform over the space's choices; widths
    are log-uniform, since the field's networks widen by factors. A block without a depth
    (the stem, a pooling) keeps its kind; one that is too deep is divided (Appendix A).
    """

    def __init__(self, space: Space, initial: Structure):
        self.space = space
        self._widths = Widths(space)
        self._initial = initial
        self._outputs = set(outputs_with_bottleneck(space))

    def draw(self, rng: Random) -> Structure:
        """A structure of the space, within no budget in particular."""
        blocks: list[Block] = []
        width = self._initial.blocks[0].in_channels
        stages = zip(self._initial.stages, self.space.stage_depths, strict=True)
        for number, (stage, limit) in enumerate(stages):
            left = limit - sum(_has_depth(block) for block in stage)
            for template in stage:
                room = self._room(number, width, first=not blocks)
                block = self._block(template, width, 1 + left, room, rng)
                left -= block.depth - 1 if _has_depth(template) else 0
                blocks += self._divided(block)
                width = block.out_channels
        return Structure(tuple(blocks))

    def _room(self, stage: int, before: int, first: bool) -> tuple[int, int]:
        """Least and largest output behind a width; that nearest to it where rules leave none,
        so that the structure is one to refuse."""
        least, most = self._widths.of_stage(stage)
        if not first and self._widths.ruled:
            low, high = self._widths.behind(before)
            least, most = max(least, low), min(most, high)
        return least, max(least, most)

    def _block(
        self, template: Block, width: int, deepest: int, room: tuple[int, int], rng: Random
    ) -> Block:
        space = self.space
        kind = template.kind
        if kind in space.blocks:
            kind = rng.choice(space.blocks)
        mutable = KINDS[kind].mutable
        block = KINDS[kind].adopt(template)._replace(in_channels=width)
        if "out_channels" not in mutable:
            return block._replace(out_channels=width)
        out = self._width(*room, rng)
        if "bottleneck" in mutable and out not in self._outputs:
            out = min(self._outputs, key=lambda width: abs(width - out))
        block = block._replace(out_channels=out)
        if "kernel" in mutable:
            block = block._replace(kernel=rng.choice(space.kernels))
        if "expansion" in mutable:
            block = block._replace(expansion=rng.choice(space.expansions))
        if "depth" in mutable:
            block = block._replace(depth=rng.randint(1, deepest))
        if "bottleneck" in mutable:
            limits = bottlenecks(space, out) or (space.width_step, space.max_width)
            block = block._replace(bottleneck=self._width(*limits, rng))
        return block

    def _divided(self, block: Block) -> list[Block]:
        """The block, or as many equal ones as keep to `split_above`."""
        parts = ceil(block.depth / self.space.split_above)
        depths = [(block.depth + part) // parts for part in reversed(range(parts))]
        first = block._replace(depth=depths[0])
        rest = block._replace(in_channels=block.out_channels, stride=1)
        return [first, *(rest._replace(depth=depth) for depth in depths[1:])]

    def _width(self, least: int, most: int, rng: Random) -> int:
        step = self.space.width_step
        low, high = least // step, most // step
        # rounding: exp(log(8)) is 7.999999999999998
        return step * max(low, min(high, int(exp(rng.uniform(log(low), log(high + 1))))))


def _has_depth(block: Block) -> bool:
    return "depth" in KINDS[block.kind].fields
