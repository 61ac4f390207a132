"""Random search (Appendix F): structures drawn from the space, whatever their score."""

from __future__ import annotations

from math import ceil, exp, log
from random import Random

from engine.blocks import KINDS
from engine.settings import Space
from engine.structure import Block, Structure, stage_bounds

ORIGIN = "drawn at random"


def smallest(space: Space, initial: Structure) -> list[Structure]:
    """The narrowest and shallowest structures of the space with the initial one's stages,
    one for each kind of block: what a budget must leave room for."""
    found = []
    for kind in space.blocks:
        blocks: list[Block] = []
        width = initial.blocks[0].in_channels
        for stage, _ in enumerate(stage_bounds(initial.blocks)):
            template = initial.stages[stage][0]
            blocks.append(_smallest_block(space, kind, template, width))
            width = blocks[-1].out_channels
        found.append(Structure(tuple(blocks)))
    return found


def _smallest_block(space: Space, kind: str, template: Block, width: int) -> Block:
    own = KINDS[kind if template.kind in space.blocks else template.kind]
    step = space.width_step
    block = own.adopt(template)._replace(in_channels=width)
    least = {
        "out_channels": step,
        "kernel": min(space.kernels),
        "depth": 1,
        "expansion": min(space.expansions),
        "bottleneck": step * max(1, ceil(space.bottleneck_ratio[0])),
    }
    changes = {field: least[field] for field in own.mutable}
    if "out_channels" not in own.mutable:
        changes["out_channels"] = width
    return block._replace(**changes)


class Sampler:
    """Draws structures with the stages of the initial one, one block each.

    Kinds, kernels, expansions and depths are uniform over the space's choices; widths
    are log-uniform, since the field's networks widen by factors. A stage whose block
    has no depth (the stem, a pooling) keeps its kind.
    """

    def __init__(self, space: Space, initial: Structure):
        self.space = space
        self._templates = [
            (stage, initial.blocks[index])
            for stage, (start, end) in enumerate(stage_bounds(initial.blocks))
            for index in range(start, end)
        ]

    def draw(self, rng: Random) -> Structure:
        """A structure of the space, within no budget in particular."""
        blocks: list[Block] = []
        width = self._templates[0][1].in_channels
        for stage, template in self._templates:
            block = self._block(template, stage, width, rng)
            blocks.append(block)
            width = block.out_channels
        return Structure(tuple(blocks))

    def _block(self, template: Block, stage: int, width: int, rng: Random) -> Block:
        space = self.space
        kind = template.kind
        if kind in space.blocks:
            kind = rng.choice(space.blocks)
        mutable = KINDS[kind].mutable
        block = KINDS[kind].adopt(template)._replace(in_channels=width)
        if "out_channels" not in mutable:
            return block._replace(out_channels=width)
        changes: dict[str, int] = {"out_channels": self._width(space.max_width, rng)}
        if "kernel" in mutable:
            changes["kernel"] = rng.choice(space.kernels)
        if "expansion" in mutable:
            changes["expansion"] = rng.choice(space.expansions)
        if "depth" in mutable:
            most = min(space.stage_depths[stage], space.split_above)
            changes["depth"] = rng.randint(1, most)
        if "bottleneck" in mutable:
            low, high = space.bottleneck_ratio
            out = changes["out_channels"]
            changes["bottleneck"] = self._width(min(high * out, space.max_width), rng, low * out)
        return block._replace(**changes)

    def _width(self, most: float, rng: Random, least: float = 0) -> int:
        step = self.space.width_step
        low = max(1, ceil(least / step))
        high = max(low, int(most // step))
        return step * min(high, int(exp(rng.uniform(log(low), log(high + 1)))))
