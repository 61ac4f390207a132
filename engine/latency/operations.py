"""What a backbone does at inference, operation by operation.

The same plan is timed one operation at a time for the table, added up for a prediction,
and run in a row to measure a whole backbone.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from engine.blocks import Layer, Part, Unit, units
from engine.costs import halved
from engine.structure import Block, Structure

Size = tuple[int, int]

#: up to this width a convolution's input is an image, which no width is near to
IMAGE_WIDTH = 4


class Family(NamedTuple):
    """Operations that differ in their widths alone.

    op: "conv", "depthwise", "grouped", "avgpool", "maxpool", "unshuffle", "se" (with `kernel`
    as its reduction), "relu", "relu6", "silu", "add" (a residual sum), or "concat" (two maps of
    half the width as one). size: height and width of the input. image: input channels of what
    sees the image, channels of a group of a grouped convolution, else 0.
    """

    op: str
    kernel: int
    stride: int
    size: Size
    image: int = 0

    @property
    def has_two_widths(self) -> bool:
        """Whether input and output widths vary independently."""
        return self.op == "conv" and not self.image


class Operation(NamedTuple):
    """One operation: its family and widths (equal where the family has but one)."""

    family: Family
    inside: int
    outside: int

    @property
    def entering(self) -> int:
        """Channels of the map that goes in; of the first of two that are stacked."""
        if self.family.op == "concat":
            return self.inside // 2
        return self.inside if self.family.op == "grouped" else self.family.image or self.inside

    @property
    def macs(self) -> int:
        """Multiply-accumulates of a convolution, elements of anything else."""
        family = self.family
        height, width = halved(family.size, family.stride)
        if family.op == "conv":
            inside = family.image or self.inside
            return inside * self.outside * family.kernel**2 * height * width
        if family.op in ("depthwise", "grouped"):
            return self.outside * (family.image or 1) * family.kernel**2 * height * width
        return self.inside * family.size[0] * family.size[1]

    @property
    def values(self) -> int:
        """Values in the map that goes in and the one that comes out, for one image."""
        family = self.family
        height, width = halved(family.size, family.stride)
        inside = self.entering * family.size[0] * family.size[1]
        return inside + self.outside * height * width

    def weight_bytes(self, itemsize: int) -> int:
        """Bytes of a convolution's weights; more than any cache holds where there are none."""
        if self.family.op == "conv":
            inside = self.family.image or self.inside
            return inside * self.outside * self.family.kernel**2 * itemsize
        if self.family.op in ("depthwise", "grouped"):
            return self.outside * (self.family.image or 1) * self.family.kernel**2 * itemsize
        return 1 << 40


def of_layer(layer: Layer, size: Size) -> Operation:
    """The operation of a layer whose input is `size`."""
    op, inside, outside = layer.op, layer.in_channels, layer.out_channels
    image = inside if op == "conv" and inside <= IMAGE_WIDTH else 0
    if op == "conv" and layer.groups > 1:
        op, image = "depthwise", 0
        if layer.groups < inside:
            op, image = "grouped", inside // layer.groups
    if op == "unshuffle":
        image = inside
    family = Family(op, layer.kernel, layer.stride, size, image)
    return Operation(family, outside if image else inside, outside)


def elementwise(op: str, width: int, size: Size) -> Operation:
    """A ReLU, a residual sum or a concatenation that puts out a map."""
    return Operation(Family(op, 1, 1, size), width, width)


class Step(NamedTuple):
    """An operation, the numbers of the maps that it takes, and that of the map that it gives.

    Map 0 goes into a unit and comes out of it.
    """

    operation: Operation
    takes: tuple[int, ...]
    gives: int


@lru_cache(maxsize=1 << 14)
def unit_steps(unit: Unit, size: Size) -> tuple[tuple[Step, ...], Size]:
    """Steps of a unit whose input is `size`, in order, and the size of what it puts out."""
    steps: list[Step] = []
    after = _unit(unit, size, 0, 0, steps)
    return tuple(steps), after


def _unit(unit: Unit, size: Size, takes: int, gives: int, steps: list[Step]) -> Size:
    """Add the steps of a unit that makes one map of another; the size of what it makes."""
    apart = unit.shortcut is not None and not _folds(unit)
    inside = max(takes, gives) + 1 if apart else gives
    here = _path(unit.main, size, takes, inside, steps)
    if apart and unit.shortcut is not None:
        around = inside + 1 if unit.shortcut else takes
        _path(unit.shortcut, size, takes, around, steps)
        join = elementwise("add" if unit.join == "sum" else "concat", unit.out_channels, here)
        steps.append(Step(join, (inside, around), gives))
    if unit.activation != "none":
        act = elementwise(unit.activation, unit.out_channels, here)
        steps.append(Step(act, (gives,), gives))
    return here


def _path(parts: tuple[Part, ...], size: Size, takes: int, gives: int, steps: list[Step]) -> Size:
    for part in parts:
        if isinstance(part, Unit):
            size = _unit(part, size, takes, gives, steps)
        else:
            steps.append(Step(of_layer(part, size), (takes,), gives))
            size = halved(size, part.stride)
            if part.op == "conv" and part.activation != "none":
                act = elementwise(part.activation, part.out_channels, size)
                steps.append(Step(act, (gives,), gives))
        takes = gives
    return size


def _folds(unit: Unit) -> bool:
    """Whether both paths are one convolution at inference, as RepVGG's branches are: a 1x1
    convolution is the middle of a k x k one."""
    if unit.join != "sum" or len(unit.main) != 1 or not unit.shortcut or len(unit.shortcut) != 1:
        return False
    main, around = unit.main[0], unit.shortcut[0]
    return (
        isinstance(main, Layer)
        and isinstance(around, Layer)
        and main.op == around.op == "conv"
        and main.activation == around.activation == "none"
        and around.kernel == 1
    )


@lru_cache(maxsize=1 << 14)
def block_operations(block: Block, size: Size) -> tuple[tuple[Operation, int], ...]:
    """Operations of a block whose input is `size`, and how many there are of each."""
    counts: dict[Operation, int] = {}
    for unit, count in units(block):
        steps, size = unit_steps(unit, size)
        for step in steps:
            counts[step.operation] = counts.get(step.operation, 0) + count
    return tuple(counts.items())


def steps_of(structure: Structure, size: Size) -> list[tuple[Step, ...]]:
    """Steps of each unit of a structure for an image of `size`, in order."""
    found = []
    for block in structure.blocks:
        for unit, count in units(block):
            for _ in range(count):
                steps, size = unit_steps(unit, size)
                found.append(steps)
    return found
