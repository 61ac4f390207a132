"""Conv: a convolution followed by batch norm and ReLU; the stem of every structure."""

from __future__ import annotations

from engine.blocks.base import Layer, Unit, field_problems, number_problems
from engine.structure import Block


class Conv:
    name = "Conv"
    fields: tuple[str, ...] = ()
    mutable: tuple[str, ...] = ("out_channels",)
    unit_layers = 1
    bounded = True

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        layer = Layer("conv", block.in_channels, block.out_channels, block.kernel, block.stride)
        return ((Unit((layer,)), 1),)

    def adopt(self, block: Block) -> Block:
        return Block("Conv", block.kernel, block.in_channels, block.out_channels, block.stride)

    def problems(self, block: Block) -> list[str]:
        return number_problems(block) + field_problems(block, self.fields)


CONV = Conv()
