"""The blocks of ZenNAS, whose shortcuts are convolutions that carry stride and bias.

ZenResBlock and ZenBasicBlock have the main paths of ResBlock and BasicBlock. A
ZenInvertedBlock (its IDWE kinds) repeats a pair of inverted bottlenecks: the first widens its
output's `bottleneck` channels `expansion` times, rounded to multiples of 8, and puts out
`bottleneck` channels; the second does the same with the block's output channels.
The first unit of a block always has a convolution in its shortcut.
"""

from __future__ import annotations

from engine.blocks.base import Layer, Unit, field_problems, number_problems
from engine.blocks.basicblock import BasicBlock
from engine.blocks.resblock import ResBlock
from engine.structure import Block


def strided(width: int, out: int, stride: int) -> tuple[Layer, ...]:
    """The convolution of a shortcut."""
    return (Layer("conv", width, out, 1, stride, activation="none", bias=True),)


def _projected(block: Block, units: tuple[tuple[Unit, int], ...]) -> tuple[tuple[Unit, int], ...]:
    (first, once), *rest = units
    around = strided(block.in_channels, block.out_channels, block.stride)
    return ((first._replace(shortcut=around), once), *rest)


class ZenResBlock(ResBlock):
    name = "ZenResBlock"
    bounded = False

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        return _projected(block, super().units(block))


class ZenBasicBlock(BasicBlock):
    name = "ZenBasicBlock"
    bounded = False

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        return _projected(block, super().units(block))


class ZenInvertedBlock:
    name = "ZenInvertedBlock"
    fields: tuple[str, ...] = ("bottleneck", "expansion", "depth", "se")
    mutable: tuple[str, ...] = ("kernel", "out_channels", "bottleneck", "expansion", "depth")
    unit_layers = 1
    bounded = False

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        first = self._pair(block, block.in_channels, block.stride, always=True)
        if block.depth == 1:
            return first
        rest = self._pair(block, block.out_channels, 1, always=False)
        return (*first, *(rest * (block.depth - 1)))

    def _pair(
        self, block: Block, width: int, stride: int, *, always: bool
    ) -> tuple[tuple[Unit, int], ...]:
        between, out = block.bottleneck, block.out_channels
        return (
            (self._unit(block, width, between, stride, always), 1),
            (self._unit(block, between, out, 1, False), 1),
        )

    def _unit(self, block: Block, width: int, out: int, stride: int, always: bool) -> Unit:
        hidden = _multiple_of_8(out * block.expansion)
        excite: tuple[Layer, ...] = ()
        if block.se:
            squeezed = max(1, round(hidden / block.se))
            excite = (Layer("se", hidden, hidden, block.se, 1, squeezed=squeezed),)
        main = (
            Layer("conv", width, hidden, 1, 1),
            Layer("conv", hidden, hidden, block.kernel, stride, hidden),
            *excite,
            Layer("conv", hidden, out, 1, 1, activation="none"),
        )
        around = strided(width, out, stride) if always or width != out else ()
        return Unit(main, around, "relu")

    def adopt(self, block: Block) -> Block:
        between = block.bottleneck or block.out_channels
        expansion = block.expansion or 6
        return block._replace(kind=self.name, bottleneck=between, expansion=expansion, group=0)

    def problems(self, block: Block) -> list[str]:
        return number_problems(block) + field_problems(block, self.fields)


def _multiple_of_8(width: int) -> int:
    return max(8, round(width / 8) * 8)


ZENRESBLOCK, ZENBASICBLOCK, ZENINVERTEDBLOCK = ZenResBlock(), ZenBasicBlock(), ZenInvertedBlock()
