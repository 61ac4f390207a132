"""Params, FLOPs and layers of blocks, stages and structures: the one place they are counted.

The conventions are those that reproduce the paper's Tables 1, 4 and 8 to the digit:
parameters are convolution weights and two per batch-norm channel; FLOPs are the
multiply-accumulates of the convolutions, two per element that batch norm puts out
and one per element that average pooling takes in; layers are the convolutions of
the main path (MAE-DET-M: 91). ReLU, residual additions, concatenations and max pooling count
nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from engine.blocks import Layer, Part, Unit, units
from engine.structure import Block, Structure, stage_bounds

#: height x width at which the paper counts FLOPs (and trains, at most)
PAPER_IMAGE_SIZE = (800, 1280)


class Cost(NamedTuple):
    """params, FLOPs (multiply-accumulates, see above) and layers of something."""

    params: int
    flops: int
    layers: int

    def __add__(self, other: Cost) -> Cost:  # type: ignore[override]
        return Cost(
            self.params + other.params, self.flops + other.flops, self.layers + other.layers
        )


NOTHING = Cost(0, 0, 0)


def halved(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """(height, width) after a layer of that stride; odd sides round up, as padding makes them."""
    return (-(-size[0] // stride), -(-size[1] // stride))


def _layer(layer: Layer, size: tuple[int, int]) -> tuple[int, int]:
    """(params, FLOPs) of a layer whose input is `size`."""
    height, width = halved(size, layer.stride)
    if layer.op == "conv":
        weights = layer.weights
        params = weights + 2 * layer.out_channels
        flops = height * width * params
        return params + layer.bias * layer.out_channels, flops
    if layer.op == "avgpool":
        return 0, layer.in_channels * size[0] * size[1]
    if layer.op == "se" and layer.squeezed:
        # two convolutions with batch norm on one pixel, behind an average of the whole map
        params = 2 * layer.in_channels * layer.squeezed + 2 * (layer.in_channels + layer.squeezed)
        return params, params + layer.in_channels * size[0] * size[1]
    if layer.op == "se":
        # two convolutions with bias on one pixel, behind an average of the whole map
        squeezed = max(1, layer.in_channels // layer.kernel)
        weights = 2 * layer.in_channels * squeezed
        params = weights + layer.in_channels + squeezed
        return params, weights + layer.in_channels * size[0] * size[1]
    return 0, 0


def _path(parts: tuple[Part, ...], size: tuple[int, int]) -> tuple[int, int, tuple[int, int]]:
    """(params, FLOPs, size behind them) of layers and units in a row."""
    params = flops = 0
    for part in parts:
        if isinstance(part, Unit):
            more_params, more_flops, size = _unit(part, size)
        else:
            more_params, more_flops = _layer(part, size)
            if part.stride > 1:
                size = halved(size, part.stride)
        params, flops = params + more_params, flops + more_flops
    return params, flops, size


def _unit(unit: Unit, size: tuple[int, int]) -> tuple[int, int, tuple[int, int]]:
    """As `_path`; joining two paths counts nothing, whether they are added or stacked."""
    params, flops, after = _path(unit.main, size)
    if unit.shortcut:
        short_params, short_flops, _ = _path(unit.shortcut, size)
        params, flops = params + short_params, flops + short_flops
    return params, flops, after


@lru_cache(maxsize=1 << 14)
def block_cost(block: Block, size: tuple[int, int]) -> Cost:
    """Cost of a block on an input of `size` (height, width).

    params and layers do not depend on `size`.
    """
    total = NOTHING
    for unit, count in units(block):
        params, flops, size = _unit(unit, size)
        layers = sum(layer.op == "conv" for layer in unit.path)
        total += Cost(params * count, flops * count, layers * count)
    return total


def block_costs(
    structure: Structure, image_size: tuple[int, int] = PAPER_IMAGE_SIZE
) -> tuple[Cost, ...]:
    """Cost of each block at an image of (height, width)."""
    costs = []
    size = image_size
    for block in structure.blocks:
        costs.append(block_cost(block, size))
        size = halved(size, block.stride)
    return tuple(costs)


def stage_costs(
    structure: Structure, image_size: tuple[int, int] = PAPER_IMAGE_SIZE
) -> tuple[Cost, ...]:
    """Cost of each stage, C1 first, at an image of (height, width)."""
    costs = block_costs(structure, image_size)
    return tuple(sum(costs[start:end], NOTHING) for start, end in stage_bounds(structure.blocks))


def total_cost(structure: Structure, image_size: tuple[int, int] = PAPER_IMAGE_SIZE) -> Cost:
    """Cost of the whole backbone at an image of (height, width)."""
    params = flops = layers = 0
    size = image_size
    for block in structure.blocks:
        cost = block_cost(block, size)
        params += cost.params
        flops += cost.flops
        layers += cost.layers
        if block.stride == 2:
            size = halved(size, 2)
    return Cost(params, flops, layers)
