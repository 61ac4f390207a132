"""BasicBlock: `depth` residual pairs of k x k convolutions, the block of ResNet-18 and -34.

The paper's space has residual blocks of both sorts (Appendix A). Its width inside is
free here, as in the bottleneck; the first convolution carries the stride.
"""

from __future__ import annotations

from engine.blocks.base import Layer
from engine.blocks.resblock import ResBlock
from engine.structure import Block


class BasicBlock(ResBlock):
    name = "BasicBlock"

    def path(self, block: Block, width: int, stride: int) -> tuple[Layer, ...]:
        inside = block.bottleneck
        return (
            Layer("conv", width, inside, block.kernel, stride),
            Layer("conv", inside, block.out_channels, block.kernel, 1, activation="none"),
        )


BASICBLOCK = BasicBlock()
