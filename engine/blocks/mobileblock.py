"""MobileBlock: `depth` inverted bottlenecks of `bottleneck` hidden channels, with SiLU.

Those of DAMO-YOLO's smallest nets: 1x1, a depthwise k x k that carries the stride, 1x1 without
activation. The shortcut is the identity where shapes allow it, otherwise there is none, and no
activation follows the sum.
"""

from __future__ import annotations

from engine.blocks.base import Layer, Unit
from engine.blocks.depthwiseblock import DepthwiseBlock
from engine.structure import Block


class MobileBlock(DepthwiseBlock):
    name = "MobileBlock"
    fields: tuple[str, ...] = ("bottleneck", "depth")

    def _unit(self, block: Block, width: int, stride: int) -> Unit:
        hidden = block.bottleneck
        main = (
            Layer("conv", width, hidden, 1, 1, activation="silu"),
            Layer("conv", hidden, hidden, block.kernel, stride, hidden, "silu"),
            Layer("conv", hidden, block.out_channels, 1, 1, activation="none"),
        )
        plain = stride == 1 and width == block.out_channels
        return Unit(main, () if plain else None)

    def adopt(self, block: Block) -> Block:
        return super().adopt(block)._replace(se=0)


MOBILEBLOCK = MobileBlock()
