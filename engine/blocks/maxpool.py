"""MaxPool: the pooling behind the stem of ResNets; no weights, no batch norm."""

from __future__ import annotations

from engine.blocks.base import Layer, Unit, field_problems, number_problems
from engine.structure import Block


class MaxPool:
    name = "MaxPool"
    fields: tuple[str, ...] = ()
    mutable: tuple[str, ...] = ()
    unit_layers = 1
    bounded = True

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        layer = Layer("maxpool", block.in_channels, block.out_channels, block.kernel, block.stride)
        return ((Unit((layer,)), 1),)

    def adopt(self, block: Block) -> Block:
        return Block("MaxPool", 3, block.in_channels, block.in_channels, block.stride)

    def problems(self, block: Block) -> list[str]:
        problems = number_problems(block, kernel_from=3) + field_problems(block, self.fields)
        if block.in_channels != block.out_channels:
            problems.append(
                f"in is {block.in_channels} and out {block.out_channels}, "
                "but pooling keeps the channels"
            )
        return problems


MAXPOOL = MaxPool()
