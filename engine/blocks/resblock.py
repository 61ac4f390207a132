"""ResBlock: `depth` residual bottlenecks 1x1, k x k, 1x1 in a row (Tables 10-15).

The k x k convolution of the first bottleneck carries the stride. The shortcut is
the identity but in the first bottleneck, where a 1x1 convolution with batch norm
projects it, behind a 2x2 average pooling if the stride is 2. Projecting at every
block's start, also where the channels stay, is what the parameters printed for
the single-scale structure (Table 10: 60.1 M) were counted with.
"""

from __future__ import annotations

from engine.blocks.base import Layer, Part, Unit, field_problems, number_problems
from engine.structure import Block


def projection(block: Block) -> tuple[Layer, ...]:
    """The shortcut around the first unit of a residual block."""
    project = Layer("conv", block.in_channels, block.out_channels, 1, 1, activation="none")
    if block.stride == 2:
        return (Layer("avgpool", block.in_channels, block.in_channels, 2, 2), project)
    return (project,)


class ResBlock:
    name = "ResBlock"
    fields: tuple[str, ...] = ("bottleneck", "depth")
    mutable: tuple[str, ...] = ("kernel", "out_channels", "bottleneck", "depth")
    unit_layers = 2
    bounded = True

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        first = Unit(self.path(block, block.in_channels, block.stride), projection(block), "relu")
        if block.depth == 1:
            return ((first, 1),)
        rest = Unit(self.path(block, block.out_channels, 1), (), "relu")
        return ((first, 1), (rest, block.depth - 1))

    def path(self, block: Block, width: int, stride: int) -> tuple[Part, ...]:
        """The main path of one unit whose input has `width` channels."""
        inside = block.bottleneck
        return (
            Layer("conv", width, inside, 1, 1),
            Layer("conv", inside, inside, block.kernel, stride),
            Layer("conv", inside, block.out_channels, 1, 1, activation="none"),
        )

    def adopt(self, block: Block) -> Block:
        inside = block.bottleneck or max(8, block.out_channels // 32 * 8)
        return block._replace(kind=self.name, bottleneck=inside, expansion=0, se=0, group=0)

    def problems(self, block: Block) -> list[str]:
        return number_problems(block) + field_problems(block, self.fields)


RESBLOCK = ResBlock()
