"""A structure's network without a module: walks its layers, whoever computes them.

The trainable network has batch norm behind each convolution, and activations where its
layers and units say so. Without shortcuts it is a plain chain of the same layers. ReLU6
counts as a ReLU: behind batch norm, and untrained, next to nothing reaches 6.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

import torch
import torch.nn.functional as F

from engine.blocks import Layer, Unit, units
from engine.costs import halved
from engine.scorers.base import Cancelled, Stop, refuse_stacked
from engine.scorers.gaussian_pool import GaussianPool
from engine.structure import Structure

Signal = TypeVar("Signal")


class Network(Protocol[Signal]):
    """What a proxy makes of each operation; `relu` and `add` may work in place of the first
    argument. `convolution` has the batch norm in it, if there is any."""

    def convolution(self, signal: Signal, layer: Layer) -> Signal: ...

    def pool(self, signal: Signal, layer: Layer) -> Signal: ...

    def relu(self, signal: Signal) -> Signal: ...

    def add(self, signal: Signal, around: Signal) -> Signal: ...


def run(
    structure: Structure,
    network: Network[Signal],
    signal: Signal,
    *,
    shortcuts: bool,
    cancelled: Stop,
) -> Signal:
    """What the network puts out at C5. Raises Cancelled between layers, and ScoringError for
    blocks that `refuse_stacked` refuses."""
    refuse_stacked(structure)
    for block in structure.blocks:
        for unit, count in units(block):
            for _ in range(count):
                signal = _unit(unit, network, signal, shortcuts, cancelled)
    return signal


def _unit(
    unit: Unit, network: Network[Signal], signal: Signal, shortcuts: bool, cancelled: Stop
) -> Signal:
    def apply(value: Signal, layer: Layer) -> Signal:
        if cancelled():
            raise Cancelled
        return (network.convolution if layer.op == "conv" else network.pool)(value, layer)

    main = [layer for layer in unit.path if layer.op != "se"]
    inside = signal
    for layer in main:
        inside = apply(inside, layer)
        if layer.op == "conv" and layer.activation != "none":
            inside = network.relu(inside)
    if shortcuts and unit.shortcut is not None:
        around = signal
        for layer in unit.around:
            around = apply(around, layer)
        inside = network.add(inside, around)
    return inside if unit.activation == "none" else network.relu(inside)


class Weights:
    """Convolution weights of one pass, in the order asked for: slices of a Gaussian pool."""

    def __init__(self, pool: GaussianPool, index: int):
        self._pool = pool
        self._index = index
        self._offset = 0

    def normals(self, layer: Layer) -> torch.Tensor:
        """The layer's weights, N(0, 1), of shape (out, in / groups, k, k)."""
        k, parts = layer.kernel, []
        most = self._pool.segment // layer.fan_in
        for first in range(0, layer.out_channels, most):
            count = min(most, layer.out_channels - first) * layer.fan_in
            start = self._pool.place(self._offset, count)
            parts.append(self._pool.slice(self._index, start, count))
            self._offset = start + count
        flat = parts[0] if len(parts) == 1 else torch.cat(parts)
        if k == layer.groups == 1:  # stored as the product takes it: normals have no order
            return flat.view(layer.in_channels, -1).t()[:, :, None, None]
        return flat.view(layer.out_channels, k, k, -1).permute(0, 3, 1, 2)


def convolve(x: torch.Tensor, weights: torch.Tensor, layer: Layer) -> torch.Tensor:
    """The convolution of a channels-last map, padded so that only the stride shrinks it."""
    if layer.kernel == layer.stride == layer.groups == 1:
        matrix = x.permute(0, 2, 3, 1)
        return (matrix @ weights[:, :, 0, 0].t()).permute(0, 3, 1, 2)
    return F.conv2d(x, weights, stride=layer.stride, padding=layer.kernel // 2, groups=layer.groups)


def pooled(x: torch.Tensor, layer: Layer) -> torch.Tensor:
    """The average or maximum over windows; an odd side rounds up."""
    if layer.op == "avgpool":
        return F.avg_pool2d(x, layer.kernel, layer.stride, ceil_mode=True, count_include_pad=False)
    return F.max_pool2d(x, layer.kernel, layer.stride, layer.kernel // 2)


def working_bytes(structure: Structure, resolution: int, itemsize: int) -> int:
    """Most bytes that one image takes in a pass: a unit's input, and a layer's input with
    two copies of its output."""
    size, most = (resolution, resolution), 0
    for block in structure.blocks:
        for unit, _ in units(block):
            entering = unit.in_channels * size[0] * size[1]
            after = size
            for layer in unit.path:
                before, after = after, halved(after, layer.stride)
                taken = layer.in_channels * before[0] * before[1]
                taken += 2 * layer.out_channels * after[0] * after[1]
                most = max(most, entering + taken)
            size = after
    return most * itemsize


def weights_number(structure: Structure) -> int:
    """Weights of all convolutions, shortcuts included."""
    return sum(
        count * sum(layer.weights for layer in unit.layers)
        for block in structure.blocks
        for unit, count in units(block)
    )
