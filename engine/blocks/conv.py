"""Conv: a convolution followed by batch norm and ReLU; the stem of every structure.

SiLUConv has a SiLU there, as stems of YOLO detectors have. The entropy is the same (Eq. 2).
"""

from __future__ import annotations

from engine.blocks.base import Layer, Unit, field_problems, number_problems
from engine.structure import Block


class Conv:
    name = "Conv"
    activation = "relu"
    fields: tuple[str, ...] = ()
    mutable: tuple[str, ...] = ("out_channels",)
    unit_layers = 1
    bounded = True

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        widths = (block.in_channels, block.out_channels)
        layer = Layer("conv", *widths, block.kernel, block.stride, 1, self.activation)
        return ((Unit((layer,)), 1),)

    def adopt(self, block: Block) -> Block:
        return Block(self.name, block.kernel, block.in_channels, block.out_channels, block.stride)

    def problems(self, block: Block) -> list[str]:
        return number_problems(block) + field_problems(block, self.fields)


class SiLUConv(Conv):
    name = "SiLUConv"
    activation = "silu"


CONV, SILUCONV = Conv(), SiLUConv()
