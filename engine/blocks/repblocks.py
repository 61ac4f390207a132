"""RepK1KXBlock, RepKXKXBlock: `depth` residual pairs of convolutions, the second re-parameterised.

The K1KX and KXKX of DAMO-YOLO. The second convolution, k x k with the stride, has a 1x1 one
beside it while it is trained (RepVGG); both are one convolution afterwards. Where a unit has the
stride there is no shortcut; elsewhere it is the identity, or a 1x1 convolution with batch norm
where the width changes.
"""

from __future__ import annotations

from engine.blocks.base import Layer, Part, Unit
from engine.blocks.resblock import ResBlock
from engine.structure import Block


def reparameterised(width: int, out: int, kernel: int, stride: int) -> Unit:
    """A k x k convolution and a 1x1 one of the same map, each with its batch norm, added."""
    return Unit(
        (Layer("conv", width, out, kernel, stride, activation="none"),),
        (Layer("conv", width, out, 1, stride, activation="none"),),
    )


class RepK1KXBlock(ResBlock):
    name = "RepK1KXBlock"
    unit_layers = 1
    bounded = False

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        (first, once), *rest = super().units(block)
        around: tuple[Layer, ...] | None = None
        if block.stride == 1:
            around = ()
            if block.in_channels != block.out_channels:
                project = (block.in_channels, block.out_channels, 1, 1, 1, "none")
                around = (Layer("conv", *project),)
        return ((first._replace(shortcut=around), once), *rest)

    def path(self, block: Block, width: int, stride: int) -> tuple[Part, ...]:
        inside = block.bottleneck
        return (
            Layer("conv", width, inside, self.begin(block), 1),
            reparameterised(inside, block.out_channels, block.kernel, stride),
        )

    def begin(self, block: Block) -> int:
        """The kernel of the first convolution."""
        return 1


class RepKXKXBlock(RepK1KXBlock):
    name = "RepKXKXBlock"

    def begin(self, block: Block) -> int:
        return block.kernel


REPK1KXBLOCK, REPKXKXBLOCK = RepK1KXBlock(), RepKXKXBlock()
