"""ResBlock: `depth` residual bottlenecks 1x1, k x k, 1x1 in a row (Tables 10-15).

The k x k convolution of the first bottleneck carries the stride. The shortcut is
the identity but in the first bottleneck, where a 1x1 convolution with batch norm
projects it, behind a 2x2 average pooling if the stride is 2. Projecting at every
block's start, also where the channels stay, is what the parameters printed for
the single-scale structure (Table 10: 60.1 M) were counted with.
"""

from __future__ import annotations

from engine.blocks.base import Layer, Unit, number_problems
from engine.structure import Block


class ResBlock:
    name = "ResBlock"
    has_bottleneck = True
    mutable = ("kernel", "out_channels", "bottleneck", "depth")

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        inside, out = block.bottleneck, block.out_channels

        def main(width: int, stride: int) -> tuple[Layer, ...]:
            return (
                Layer("conv", width, inside, 1, 1),
                Layer("conv", inside, inside, block.kernel, stride),
                Layer("conv", inside, out, 1, 1),
            )

        projection = (Layer("conv", block.in_channels, out, 1, 1),)
        if block.stride == 2:
            pooling = Layer("avgpool", block.in_channels, block.in_channels, 2, 2)
            projection = (pooling, *projection)
        first = Unit(main(block.in_channels, block.stride), projection)
        if block.depth == 1:
            return ((first, 1),)
        return ((first, 1), (Unit(main(out, 1), ()), block.depth - 1))

    def problems(self, block: Block) -> list[str]:
        problems = number_problems(block)
        if block.bottleneck < 1:
            problems.append(f"bottleneck is {block.bottleneck}, but must be at least 1")
        if block.depth < 1:
            problems.append(f"depth is {block.depth}, but must be at least 1 bottleneck")
        return problems


RESBLOCK = ResBlock()
