"""SPP: a map beside its maxima over windows of `kernel`, twice and three times that reach.

The spatial pyramid pooling of YOLO detectors: a 1x1 convolution to half the channels, three
poolings in a row, all four maps together, and a 1x1 convolution back to the width. With kernel 5
the windows are 5, 9 and 13. The entropy follows the map that is not pooled.
"""

from __future__ import annotations

from engine.blocks.base import Layer, Part, Unit
from engine.blocks.maxpool import MaxPool
from engine.structure import Block

POOLINGS = 3


class SPP(MaxPool):
    name = "SPP"
    bounded = False

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        width, half = block.in_channels, max(1, block.in_channels // 2)
        pool = Layer("maxpool", half, half, block.kernel, 1)
        beside: tuple[Part, ...] = (pool,)
        for _ in range(POOLINGS - 1):
            beside = (pool, Unit(beside, (), join="concat"))
        main = (
            Layer("conv", width, half, 1, 1, activation="silu"),
            Unit(beside, (), join="concat"),
            Layer("conv", half * (POOLINGS + 1), block.out_channels, 1, 1, activation="silu"),
        )
        return ((Unit(main), 1),)

    def adopt(self, block: Block) -> Block:
        return Block(self.name, 5, block.in_channels, block.in_channels, 1)

    def problems(self, block: Block) -> list[str]:
        problems = super().problems(block)
        if block.stride != 1:
            problems.append(f"stride is {block.stride}, but an SPP keeps the size: write 1")
        return problems


SPPBLOCK = SPP()
