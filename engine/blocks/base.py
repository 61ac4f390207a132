"""What every block type provides."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeAlias

from engine.structure import Block

#: what a path is made of
Part: TypeAlias = "Layer | Unit"


class Layer(NamedTuple):
    """A convolution with its batch norm ("conv"), a pooling ("avgpool", "maxpool"), a
    squeeze-and-excitation ("se"), whose `kernel` is the reduction of its channels, or
    "unshuffle", which stacks the four pixels of each 2 x 2 cell as channels.

    groups: of a convolution; a depthwise one has as many as channels.
    activation: behind the batch norm of a convolution, and inside a squeeze-and-excitation:
    "relu", "relu6", "silu" or "none". Built modules have it; the vanilla network of the
    entropy has a ReLU everywhere (Eq. 2).
    bias: whether a convolution has one beside its batch norm.
    squeezed: width inside a squeeze-and-excitation with batch norms in place of biases; 0 for
    one with biases, which squeezes to 1/kernel of its channels, rounded down.
    """

    op: str
    in_channels: int
    out_channels: int
    kernel: int
    stride: int
    groups: int = 1
    activation: str = "relu"
    bias: bool = False
    squeezed: int = 0

    @property
    def fan_in(self) -> int:
        """Products that add up to one output value of a convolution."""
        return self.in_channels // self.groups * self.kernel**2

    @property
    def weights(self) -> int:
        """Weights of a convolution."""
        return self.fan_in * self.out_channels


class Unit(NamedTuple):
    """What repeats in a block: a main path, and the shortcut around it.

    main, shortcut: layers, and units in their place. shortcut: None where there is none, () for
    the identity. activation: of what both make. join: "sum" adds them, "concat" puts the
    channels of the shortcut behind those of the main path.
    """

    main: tuple[Part, ...]
    shortcut: tuple[Part, ...] | None = None
    activation: str = "none"
    join: str = "sum"

    @property
    def in_channels(self) -> int:
        """Of the map that both paths are given."""
        return self.main[0].in_channels

    @property
    def out_channels(self) -> int:
        """Of the sum, or of both paths together."""
        width = self.main[-1].out_channels
        if self.join == "concat":
            width += self.shortcut[-1].out_channels if self.shortcut else self.in_channels
        return width

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers of both paths, those of units within them too."""
        return (*_layers(self.main), *self.around)

    @property
    def around(self) -> tuple[Layer, ...]:
        """All layers of the shortcut."""
        return _layers(self.shortcut or ())

    @property
    def path(self) -> tuple[Layer, ...]:
        """The layers of the main path, those of main paths within it too.

        A map beside which there are only poolings of it (SPP) goes on as it is: () there.
        """
        found: list[Layer] = []
        for part in self.main:
            if isinstance(part, Unit):
                found += part.path
            else:
                found.append(part)
        if self.join == "concat" and not any(layer.op == "conv" for layer in found):
            return ()
        return tuple(found)


def _layers(parts: tuple[Part, ...]) -> tuple[Layer, ...]:
    return tuple(
        layer for part in parts for layer in (part.layers if isinstance(part, Unit) else (part,))
    )


class BlockType(Protocol):
    """One kind of block. Its name is the one printed in the paper's tables."""

    name: str
    fields: tuple[str, ...]
    """Fields of `Block` beyond kernel, channels and stride that this kind has."""
    mutable: tuple[str, ...]
    """Fields of `Block` that a coarse mutation may change (Appendix A)."""
    unit_layers: int
    """What the paper's "# layers" column counts as one block, in units of `depth`."""
    bounded: bool
    """Whether `engine.optimum` may bound it: its costs are polynomials of its widths."""

    def units(self, block: Block) -> tuple[tuple[Unit, int], ...]:
        """The block as (unit, how many in a row)."""

    def adopt(self, block: Block) -> Block:
        """A block of this kind in the place of one of another kind."""

    def problems(self, block: Block) -> list[str]:
        """What is impossible about the block's numbers, each as a phrase with its fix."""


def field_problems(block: Block, fields: tuple[str, ...]) -> list[str]:
    """Problems with the fields that only some kinds have: out of range, or not theirs."""
    absent = Block._field_defaults
    problems = []
    for name, least in (("bottleneck", 1), ("depth", 1), ("expansion", 1), ("se", 0), ("group", 1)):
        value = getattr(block, name)
        if name in fields:
            if value < least:
                problems.append(f"{name} is {value}, but must be at least {least}")
        elif value != absent[name]:
            problems.append(f"{name} is {value}, but a {block.kind} has none")
    return problems


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
