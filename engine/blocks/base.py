"""What every block type provides."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from engine.structure import Block


class Layer(NamedTuple):
    """A convolution with its batch norm ("conv"), or a pooling ("avgpool", "maxpool")."""

    op: str
    in_channels: int
    out_channels: int
    kernel: int
    stride: int


class Unit(NamedTuple):
    """What repeats in a block: a main path, and the shortcut around it.

    shortcut: None where there is none, () for the identity.
    """

    main: tuple[Layer, ...]
    shortcut: tuple[Layer, ...] | None = None


class BlockType(Protocol):
    """One kind of block. Its name is the one printed in the paper's tables."""

    name: str
    has_bottleneck: bool
    """Whether the block has a bottleneck width and a depth."""
    mutable: tuple[str, ...]
    """Fields of `Block` that a coarse mutation may change (Appendix A)."""

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        """The block as (unit, how many in a row)."""

    def problems(self, block: Block) -> list[str]:
        """What is impossible about the block's numbers, each as a phrase with its fix."""


def number_problems(block: Block, *, kernel_from: int = 1) -> list[str]:
    """Problems that any kind of block can have with its numbers."""
    problems = []
    for name, value in (("in", block.in_channels), ("out", block.out_channels)):
        if value < 1:
            problems.append(f"{name} is {value}, but must be at least 1")
    if block.kernel < kernel_from or block.kernel % 2 == 0:
        problems.append(f"kernel is {block.kernel}, but must be odd and at least {kernel_from}")
    if block.stride not in (1, 2):
        problems.append(f"stride is {block.stride}, but must be 1 or 2")
    return problems
