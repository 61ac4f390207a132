"""CSPK1KXBlock, CSPKXKXBlock: one half of the channels goes through `depth` residual pairs, the
other half around them (CSPNet, Wang et al. 2020), as the stages of DAMO-YOLO do.

A block of stride 2 begins with a 3x3 convolution that carries it. Then a 1x1 convolution for each
half, the pairs on the first one (those of RepK1KXBlock and RepKXKXBlock, with SiLU), and a 1x1
convolution of both halves together. The entropy follows the half with the pairs: what comes
around them is smaller by orders of magnitude (`docs/closed-form.md`).
"""

from __future__ import annotations

from engine.blocks.base import Layer, Unit, field_problems, number_problems
from engine.blocks.repblocks import reparameterised
from engine.structure import Block


class CSPK1KXBlock:
    name = "CSPK1KXBlock"
    fields: tuple[str, ...] = ("bottleneck", "depth")
    mutable: tuple[str, ...] = ("kernel", "out_channels", "bottleneck", "depth")
    unit_layers = 1
    bounded = False

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        width, out = block.in_channels, block.out_channels
        down: tuple[tuple[Unit, int], ...] = ()
        if block.stride == 2:
            down = ((Unit((Layer("conv", width, out, 3, 2),)), 1),)
            width = out
        half = out // 2
        pair = Unit(
            (
                Layer("conv", half, block.bottleneck, self.begin(block), 1, activation="silu"),
                reparameterised(block.bottleneck, half, block.kernel, 1),
            ),
            (),
            "silu",
        )
        halves = Unit(
            (Layer("conv", width, half, 1, 1), *(pair,) * block.depth),
            (Layer("conv", width, out - half, 1, 1),),
            join="concat",
        )
        return (*down, (halves, 1), (Unit((Layer("conv", out, out, 1, 1),)), 1))

    def begin(self, block: Block) -> int:
        """The kernel of the first convolution of a pair."""
        return 1

    def adopt(self, block: Block) -> Block:
        inside = block.bottleneck or max(8, block.out_channels // 32 * 8)
        return block._replace(kind=self.name, bottleneck=inside, expansion=0, se=0, group=0)

    def problems(self, block: Block) -> list[str]:
        problems = number_problems(block) + field_problems(block, self.fields)
        if block.out_channels == 1:
            problems.append("out is 1, but two halves need at least 2")
        return problems


class CSPKXKXBlock(CSPK1KXBlock):
    name = "CSPKXKXBlock"

    def begin(self, block: Block) -> int:
        return block.kernel


CSPK1KXBLOCK, CSPKXKXBLOCK = CSPK1KXBlock(), CSPKXKXBlock()
