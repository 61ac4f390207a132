"""Focus: a stem that stacks each 2 x 2 cell of the image as channels, then convolves.

Of YOLOv5 and DAMO-YOLO: space to depth in place of a stride, so that no pixel is skipped. An
odd side of the image gets a row of zeros. SiLUFocus has a SiLU behind its batch norm.
"""

from __future__ import annotations

from engine.blocks.base import Layer, Unit
from engine.blocks.conv import Conv
from engine.structure import IMAGE_CHANNELS, Block


class Focus(Conv):
    name = "Focus"
    bounded = False

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        cells = 4 * block.in_channels
        stack = Layer("unshuffle", block.in_channels, cells, 2, 2)
        convolve = Layer("conv", cells, block.out_channels, block.kernel, 1, 1, self.activation)
        return ((Unit((stack, convolve)), 1),)

    def problems(self, block: Block) -> list[str]:
        problems = super().problems(block)
        if block.stride == 1:
            problems.append("stride is 1, but stacking cells of 2 x 2 makes it 2")
        if block.in_channels != IMAGE_CHANNELS:
            problems.append(
                f"in is {block.in_channels}, but only an image of {IMAGE_CHANNELS} channels is "
                "stacked; write a Conv with stride 2 behind other blocks"
            )
        return problems


class SiLUFocus(Focus):
    name = "SiLUFocus"
    activation = "silu"


FOCUS, SILUFOCUS = Focus(), SiLUFocus()
