"""Whether a module, wherever it came from, is the structure that it claims to be.

Parameters, FLOPs and shapes are measured on the module itself, without data ("meta"
tensors), and held against `engine.costs`. torch's counter counts two FLOPs per
multiply-accumulate and convolutions only; what the paper counts beside them, batch norm
and average pooling, is taught to it here.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from engine.costs import halved, total_cost
from engine.structure import Structure

_ATEN = torch.ops.aten
#: odd sides, where rounding would show; and the paper's size
CHECKED_SIZES = ((97, 161), (800, 1280))


class MismatchError(Exception):
    """A module that is not what its structure says, with the numbers of both."""


class Measured(NamedTuple):
    """What a module has: parameters, torch's FLOPs of its convolutions (two per
    multiply-accumulate), FLOPs as the paper counts them, shapes of its outputs."""

    params: int
    conv_flops: int
    flops: int
    shapes: tuple[tuple[int, ...], ...]


def _per_output(*_: Any, out_shape: Sequence[Sequence[int]], **__: Any) -> int:
    """Two per element that batch norm puts out, doubled as the counter's other numbers are."""
    return 2 * 2 * prod(out_shape[0])


def _per_input(input_shape: Sequence[int], *_: Any, **__: Any) -> int:
    return 2 * prod(input_shape)


#: mean is the average that squeeze-and-excitation begins with; the overload of batch norm
#: is named beside it, or the counter would take it apart before it looks it up
_ELEMENTWISE = {
    _ATEN.native_batch_norm: _per_output,
    _ATEN.native_batch_norm.default: _per_output,
    _ATEN.avg_pool2d: _per_input,
    _ATEN.mean: _per_input,
}


def measure(module: nn.Module, size: tuple[int, int]) -> Measured:
    """Measure a module on one image of (height, width); the module is left as it is."""
    shadow = copy.deepcopy(module).to("meta").eval()
    with (
        FlopCounterMode(display=False, custom_mapping=_ELEMENTWISE) as counter,
        torch.no_grad(),
    ):
        outputs = shadow(torch.empty(1, 3, *size, device="meta"))
    counts = counter.get_flop_counts()["Global"]
    return Measured(
        sum(parameter.numel() for parameter in shadow.parameters()),
        counts.get(_ATEN.convolution, 0),
        sum(counts.values()) // 2,
        tuple(tuple(output.shape) for output in outputs),
    )


def promised_shapes(
    structure: Structure, size: tuple[int, int], levels: tuple[int, ...] = (0, 1, 2, 3, 4)
) -> tuple[tuple[int, ...], ...]:
    """(1, channels, height, width) of the maps of the levels, 0 for C1."""
    shapes = []
    for width in structure.widths:
        size = halved(size, 2)
        shapes.append((1, width, *size))
    return tuple(shapes[level] for level in levels)


def verify(module: nn.Module, structure: Structure) -> Measured:
    """Measure a module that puts out all of C1-C5, and hold it against its structure.

    Returns what it has at the paper's 1280x800. Raises MismatchError.
    """
    for size in CHECKED_SIZES:
        measured, cost = measure(module, size), total_cost(structure, size)
        pairs = (
            ("parameters", measured.params, cost.params),
            ("FLOPs", measured.flops, cost.flops),
            ("output shapes", measured.shapes, promised_shapes(structure, size)),
        )
        for what, found, expected in pairs:
            if found != expected:
                at = f"{size[1]}x{size[0]}"
                raise MismatchError(f"{what} at {at} are {found}, but should be {expected}")
    return measured
