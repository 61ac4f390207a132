"""InvertedBlock: `depth` inverted bottlenecks of MobileNetV2 in a row (Appendix B).

A 1x1 convolution widens the input `expansion` times (left out where that is 1), a
depthwise k x k convolution carries the stride, and a 1x1 convolution without
activation narrows it again. The shortcut is the identity where shapes allow it, and
otherwise there is none. Squeeze-and-excitation, if any, follows the depthwise
convolution; it counts in the costs and is left out of the entropy, as residual links are.
"""

from __future__ import annotations

from engine.blocks.base import Layer, Unit, field_problems, number_problems
from engine.structure import Block


class InvertedBlock:
    name = "InvertedBlock"
    fields: tuple[str, ...] = ("expansion", "depth", "se")
    mutable: tuple[str, ...] = ("kernel", "out_channels", "expansion", "depth")
    unit_layers = 1
    bounded = True

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        plain = block.stride == 1 and block.in_channels == block.out_channels
        first = Unit(self._path(block, block.in_channels, block.stride), () if plain else None)
        if block.depth == 1:
            return ((first, 1),)
        return ((first, 1), (Unit(self._path(block, block.out_channels, 1), ()), block.depth - 1))

    def _path(self, block: Block, width: int, stride: int) -> tuple[Layer, ...]:
        hidden = width * block.expansion
        widen = (Layer("conv", width, hidden, 1, 1, 1, "relu6"),) if block.expansion > 1 else ()
        depthwise = Layer("conv", hidden, hidden, block.kernel, stride, hidden, "relu6")
        excite = (Layer("se", hidden, hidden, block.se, 1),) if block.se else ()
        narrow = Layer("conv", hidden, block.out_channels, 1, 1, activation="none")
        return (*widen, depthwise, *excite, narrow)

    def adopt(self, block: Block) -> Block:
        expansion = block.expansion or 6
        return block._replace(kind=self.name, bottleneck=0, expansion=expansion, group=0)

    def problems(self, block: Block) -> list[str]:
        return number_problems(block) + field_problems(block, self.fields)


INVERTEDBLOCK = InvertedBlock()
