"""GroupedBlock: a ResBlock whose k x k convolution works in groups, as in RegNet and ResNeXt.

`group` is how many channels one group has (RegNet's group width). A bottleneck that is no
multiple of it, as mutations find, has groups of the largest width that divides both.
"""

from __future__ import annotations

from math import gcd

from engine.blocks.base import Layer
from engine.blocks.resblock import ResBlock
from engine.structure import Block


class GroupedBlock(ResBlock):
    name = "GroupedBlock"
    fields: tuple[str, ...] = ("bottleneck", "depth", "group")
    unit_layers = 1
    bounded = False

    def path(self, block: Block, width: int, stride: int) -> tuple[Layer, ...]:
        inside = block.bottleneck
        groups = inside // gcd(inside, block.group)
        return (
            Layer("conv", width, inside, 1, 1),
            Layer("conv", inside, inside, block.kernel, stride, groups),
            Layer("conv", inside, block.out_channels, 1, 1, activation="none"),
        )

    def adopt(self, block: Block) -> Block:
        return super().adopt(block)._replace(group=block.group or 16)


GROUPEDBLOCK = GroupedBlock()
