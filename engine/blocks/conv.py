"""Conv: a convolution followed by batch norm and ReLU; the stem of every structure."""

from __future__ import annotations

from engine.blocks.base import Layer, Unit, number_problems
from engine.structure import Block


class Conv:
    name = "Conv"
    has_bottleneck = False
    mutable = ("out_channels",)

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        layer = Layer("conv", block.in_channels, block.out_channels, block.kernel, block.stride)
        return ((Unit((layer,)), 1),)

    def problems(self, block: Block) -> list[str]:
        return number_problems(block) + plain_problems(block)


def plain_problems(block: Block) -> list[str]:
    """Problems of a block that must have neither bottlenecks nor depth."""
    problems = []
    if block.bottleneck:
        problems.append(f"bottleneck is {block.bottleneck}, but a {block.kind} has none")
    if block.depth != 1:
        problems.append(f"depth is {block.depth}, but a {block.kind} has depth 1")
    return problems


CONV = Conv()
