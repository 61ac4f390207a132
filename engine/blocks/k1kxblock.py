"""K1KXBlock: `depth` residual pairs of a 1x1 and a k x k convolution (K1KX of TinyNAS).

The k x k convolution carries the stride and puts out the block's width; no third convolution
follows. The shortcut is the identity where input and output have as many channels, else a 1x1
convolution with batch norm, behind a 2x2 average pooling if the stride is 2.
"""

from __future__ import annotations

from engine.blocks.base import Layer, Unit
from engine.blocks.resblock import ResBlock, projection
from engine.structure import Block


class K1KXBlock(ResBlock):
    name = "K1KXBlock"
    unit_layers = 1
    bounded = False

    def shortcut(self, block: Block) -> tuple[Layer, ...]:
        around = projection(block)
        return around if block.in_channels != block.out_channels else around[:-1]

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        (first, once), *rest = super().units(block)
        return ((first._replace(shortcut=self.shortcut(block)), once), *rest)

    def path(self, block: Block, width: int, stride: int) -> tuple[Layer, ...]:
        return (
            Layer("conv", width, block.bottleneck, self.begin(block), 1),
            Layer(
                "conv", block.bottleneck, block.out_channels, block.kernel, stride,
                activation="none",
            ),
        )  # fmt: skip

    def begin(self, block: Block) -> int:
        """The kernel of the first convolution."""
        return 1


K1KXBLOCK = K1KXBlock()
