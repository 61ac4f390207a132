"""The vanilla network of a structure (Eq. 2) as a plan: what to compute, in which order.

No modules, no weights, no device: a layer at its place becomes an operation with its
constant gamma (Eq. 4), and a stage has one map that is measured.
"""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import NamedTuple

import numpy as np

from engine.blocks import Layer, chain
from engine.costs import halved
from engine.structure import LEVELS, Block, Structure, stage_bounds

#: multiply-accumulates after which a convolution is divided, so that none holds up a stop
MOST_MACS = 1 << 29


class Operation(NamedTuple):
    """A layer at a place in the network.

    layer: what. side, out_side: H = W of its input and output. log_gamma: the layer's
    log gamma, the scale that it is expected to multiply its input's by. macs: its
    multiply-accumulates. parts: output channels computed at a time, in order; nearly
    always one part.
    """

    layer: Layer
    side: int
    out_side: int
    log_gamma: float
    macs: int
    parts: tuple[int, ...]


@lru_cache(maxsize=1 << 12)
def measured_blocks(structure: Structure) -> frozenset[int]:
    """The blocks with a stage's last convolution: its map h has the entropy H(Ci) (Eq. 3).

    Raises ValueError for a stage without a convolution, which has no entropy.
    """
    found = []
    for level, (start, end) in zip(LEVELS, stage_bounds(structure.blocks)):
        with_convolution = [
            number
            for number in range(start, end)
            if any(layer.op == "conv" for layer in chain(structure.blocks[number]))
        ]
        if not with_convolution:
            raise ValueError(f"stage {level} has no convolution, so it has no entropy")
        found.append(with_convolution[-1])
    return frozenset(found)


@lru_cache(maxsize=1 << 14)
def operation(layer: Layer, side: int, activation: str, longest: int) -> Operation:
    """The layer on a map of `side`; longest: weights that one part may have.

    Raises ValueError for a layer that the vanilla network does not know.
    """
    out_side = halved((side, side), layer.stride)[0]
    width = layer.out_channels
    if layer.op in ("maxpool", "unshuffle"):
        return Operation(layer, side, out_side, 0.0, 0, (width,))
    if layer.op != "conv":
        raise ValueError(f"a vanilla network has no layer {layer.op!r}")
    macs = layer.weights * out_side**2
    most = max(1, min(longest // layer.fan_in, MOST_MACS // (layer.fan_in * out_side**2)))
    if layer.groups > 1:
        most = width  # each output channel has inputs of its own; these have few weights
    whole, rest = divmod(width, most)
    parts = (most,) * whole + ((rest,) if rest else ())
    return Operation(layer, side, out_side, log_gamma(layer, side, activation), macs, parts)


def log_gamma(layer: Layer, side: int, activation: str) -> float:
    """Log of the constant gamma of a convolution on a map of `side`.

    Any gamma gives the same H (Eq. 4). This one keeps maps at unit scale without
    measuring them: sqrt(C_in k^2), halved inside the root if a ReLU went before, as
    E[relu(h)^2] = E[h^2] / 2. Two small losses would add up over hundreds of layers,
    and are taken off as well: k counts the taps that meet the map instead of its zero
    padding, and a map of C channels falls short of its mean scale, typically by 1/C
    (by half of that without a ReLU).
    """
    relu = activation == "relu"
    channels = layer.in_channels / layer.groups / (2 if relu else 1)
    narrow = (1.0 if relu else 0.5) / layer.in_channels
    return 0.5 * log(channels) + log(taps(side, layer.kernel, layer.stride)) - narrow


@lru_cache(maxsize=1024)
def taps(side: int, kernel: int, stride: int) -> float:
    """Taps per dimension that meet the map, in a row of such convolutions.

    With stride 1 the growth per layer is the largest eigenvalue of the box sum with
    zero padding, which lies above the average over positions: what is left of a map
    after many layers is in its middle.
    """
    if kernel == 1:
        return 1.0
    reach = kernel // 2
    positions = np.arange(side)
    inside = np.abs(positions[:, None] - positions) <= reach
    if stride == 1:
        return float(np.linalg.eigvalsh(inside.astype(np.float64))[-1])
    return float(inside[::stride].sum(axis=1).mean())


@lru_cache(maxsize=1 << 12)
def weights(structure: Structure) -> int:
    """Weights of all convolutions."""
    return sum(map(_weights_of, structure.blocks))


@lru_cache(maxsize=1 << 12)
def working_bytes(structure: Structure, resolution: int, itemsize: int) -> int:
    """Most bytes that one pass holds at a time besides weights: input, output, and a copy."""
    side, most = resolution, 0
    for block in structure.blocks:
        taken, side = _held_in(block, side)
        most = max(most, taken)
    return most * itemsize


# by blocks, of which a child has one or two that are new: a GPU waits while they are added up
@lru_cache(maxsize=1 << 12)
def _weights_of(block: Block) -> int:
    return sum(layer.weights for layer in chain(block) if layer.op == "conv")


@lru_cache(maxsize=1 << 12)
def _held_in(block: Block, side: int) -> tuple[int, int]:
    """Most numbers held at a time within a block on a map of `side`, and the side behind it."""
    most = 0
    for layer in chain(block):
        out_side = halved((side, side), layer.stride)[0]
        taken = layer.in_channels * side**2 + 2 * layer.out_channels * out_side**2
        most, side = max(most, taken), out_side
    return most, side
