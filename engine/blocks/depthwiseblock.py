"""DepthwiseBlock: `depth` inverted bottlenecks whose hidden width is a number of its own.

The K1DWK1 and K1DWSEK1 of TinyNAS: 1x1 to `bottleneck` channels, a depthwise k x k that
carries the stride, 1x1 to the output. Where input and output have as many channels, the
shortcut is the identity, behind a 2x2 average pooling if the stride is 2; elsewhere there is
none. With squeeze-and-excitation (batch norms inside, a multiple of 8 channels) its
activations are SiLU, else ReLU, the last one behind the sum.
"""

from __future__ import annotations

from engine.blocks.base import Layer, Unit, field_problems, number_problems
from engine.structure import Block


class DepthwiseBlock:
    name = "DepthwiseBlock"
    fields: tuple[str, ...] = ("bottleneck", "depth", "se")
    mutable: tuple[str, ...] = ("kernel", "out_channels", "bottleneck", "depth")
    unit_layers = 1
    bounded = False

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        first = self._unit(block, block.in_channels, block.stride)
        if block.depth == 1:
            return ((first, 1),)
        return ((first, 1), (self._unit(block, block.out_channels, 1), block.depth - 1))

    def _unit(self, block: Block, width: int, stride: int) -> Unit:
        hidden, act = block.bottleneck, "silu" if block.se else "relu"
        excite: tuple[Layer, ...] = ()
        if block.se:
            squeezed = max(1, round(hidden / block.se) // 8) * 8
            excite = (Layer("se", hidden, hidden, block.se, 1, 1, act, False, squeezed),)
        main = (
            Layer("conv", width, hidden, 1, 1, 1, act),
            Layer("conv", hidden, hidden, block.kernel, stride, hidden, act),
            *excite,
            Layer("conv", hidden, block.out_channels, 1, 1, activation="none"),
        )
        around: tuple[Layer, ...] | None = None
        if width == block.out_channels:
            around = (Layer("avgpool", width, width, 2, 2),) if stride == 2 else ()
        return Unit(main, around, act)

    def adopt(self, block: Block) -> Block:
        hidden = block.bottleneck or block.in_channels * (block.expansion or 6)
        return block._replace(kind=self.name, bottleneck=hidden, expansion=0, group=0)

    def problems(self, block: Block) -> list[str]:
        return number_problems(block) + field_problems(block, self.fields)


DEPTHWISEBLOCK = DepthwiseBlock()
