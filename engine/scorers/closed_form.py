"""The entropy without a forward pass: exact second moments, border included.

The weights are symmetric about zero, so E[relu(h)^2] = E[h^2] / 2 exactly, and the
second moment of a pre-activation at a position is C_in times the sum of its inputs'
second moments under the window (zero padding counts as zero). The map starts
uniform and box sums keep it a product of a column and a row profile, so one profile
of length R carries a square map. What a mean over finitely wide passes would show
below that is added from `engine.scorers.mean_field`. `docs/closed-form.md` has it all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import log, sqrt
from typing import NamedTuple

import numpy as np

from engine.blocks import Layer, chain
from engine.scorers.base import Score, never
from engine.scorers.mean_field import (
    behind_relu,
    maxpool_moments,
    relu_correlation,
    relu_fluctuation,
)
from engine.scorers.objective import z_weights
from engine.settings import Objective
from engine.structure import Block, Structure

DETAIL = "closed form: exact moments with borders and the finite-width term"


class Terms(NamedTuple):
    """What a block adds to the entropy, whatever surrounds it.

    gain: log of the factor on the second moment, spatial profile aside.
    fluctuation: relative variance of the second moment of the block's output map
    after its activation, added up over its layers; last: the same with the last
    layer taken before its activation, as the entropy of a stage sees it.
    correlation: between different positions of the block's last pre-activation.
    """

    gain: float
    fluctuation: float
    last: float
    correlation: float


@lru_cache(maxsize=1 << 14)
def block_terms(
    block: Block, correlation: float, positions: int, first: bool, rectified: bool
) -> Terms:
    """Terms of a block behind a pre-activation of that correlation between positions.

    positions: elements of one channel of the block's output map. first: the input is
    the image, which no activation precedes. rectified: activations are ReLUs.
    """
    gain = fluctuation = last = 0.0
    for layer in chain(block):
        if layer.op == "maxpool":
            # one channel alone, without rectifiers, counts as more than fully alike
            alike = min(1.0, correlation)
            factor, pooled = maxpool_moments(alike, layer.kernel**2, rectified)
            gain += log(factor)
            # a rectified maximum passes the next ReLU unchanged
            correlation = behind_relu(pooled) if rectified else pooled**2
            continue
        if layer.op == "unshuffle":  # noise in other places; of an image alone, so without ReLU
            continue
        gain += log(layer.fan_in * (0.5 if rectified and not first else 1))
        width = layer.out_channels
        if rectified:
            # the channels of a group see the same few channels, whose own strength varies
            uneven = 1.0
            if layer.groups > 1:
                uneven += relu_fluctuation(correlation) * layer.groups / layer.in_channels
            if not first:
                correlation = relu_correlation(correlation)
            alike = 2 * correlation * correlation
            # pairs that are one position twice are fully alike
            last = fluctuation + (alike + (2 - alike) / positions) / width
            alike = relu_fluctuation(correlation)
            fluctuation += uneven * (alike + (5 - alike) / positions) / width
        else:
            # Without rectifiers maps have no mean; what correlates positions is that a
            # few channels never average out (`correlation` is its square here), and a
            # k x k window averages over k^2 of such accidents.
            correlation /= layer.kernel**2
            fluctuation += (2 * correlation + 2 * (1 - correlation) / positions) / width
            last = fluctuation
            correlation += 1 / width
        first = False
    return Terms(gain, fluctuation, last, round(correlation, 6 if rectified else 4))


class _Profile:
    """Second moments along one side of a map, after some blocks; a node of a tree of
    block shapes, since the profile depends on nothing but kernels and strides."""

    __slots__ = ("children", "log_mean", "moments")

    def __init__(self, moments: np.ndarray):
        self.moments = moments
        # a square map has this profile along both sides
        self.log_mean = float(np.log(moments.mean()))
        self.children: dict[tuple[str, int, int, int], _Profile] = {}

    def after(self, block: Block) -> _Profile:
        """The profile behind a block, each window's sum divided by its size."""
        return _Profile(moments_behind(self.moments, chain(block)))


def moments_behind(moments: np.ndarray, layers: Iterable[Layer]) -> np.ndarray:
    """A profile behind some layers, each window's sum divided by its size; linear in it."""
    for layer in layers:
        if layer.op in ("maxpool", "unshuffle"):
            moments = moments[:: layer.stride]
        elif layer.kernel > 1 or layer.stride > 1:
            moments = windows(moments, layer.kernel, layer.stride)
    return moments


def windows(profile: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    """Each window's sum along a zero-padded profile, divided by the window's size."""
    sums = np.convolve(profile, np.full(kernel, 1 / kernel))
    margin = kernel // 2
    return sums[margin : len(sums) - margin : stride]


#: profiles kept before the tree is planted anew: some 10 MB
_MOST_PROFILES = 20_000


class ClosedForm:
    """Scorer of the closed form. It needs numpy only, and no random number."""

    method = "closed-form"
    detail = DETAIL
    batch = 1

    def __init__(self, objective: Objective):
        self.objective = objective
        self.notices: list[str] = []
        self._rectified = objective.activation == "relu"
        self._log_channels = objective.size == "log-channels"
        self._fixed_weights = None if objective.size == "volume" else z_weights(objective, (0,) * 5)
        self._plant()

    def _plant(self) -> None:
        self._root = _Profile(np.ones(self.objective.resolution))
        self._profiles = 1

    def score(
        self, structures: Sequence[Structure], cancelled: Callable[[], bool] = never
    ) -> list[Score]:
        """Score each structure: `Score.z_std` is the predicted deviation of one pass."""
        return [self._score(structure) for structure in structures]

    def _score(self, structure: Structure) -> Score:
        blocks = structure.blocks
        rectified = self._rectified
        profile = self._root
        side = self.objective.resolution
        gain = fluctuation = 0.0
        correlation = 0.0 if rectified else 1 / 3  # an image has three channels
        entropies: list[float] = []
        spreads: list[float] = []
        final = len(blocks) - 1
        for index, block in enumerate(blocks):
            stride = block.stride
            if stride == 2:
                side = (side + 1) // 2
            terms = block_terms(block, correlation, side * side, index == 0, rectified)
            shape = (block.kind, block.kernel, stride, block.depth)
            child = profile.children.get(shape)
            if child is None:
                child = profile.children[shape] = profile.after(block)
                self._profiles += 1
            profile = child
            gain += terms.gain
            correlation = terms.correlation
            if index == final or blocks[index + 1].stride == 2:
                spread = fluctuation + terms.last
                # log of a product of factors 1 + x, E[x^2] = spread in total: E[log] = -spread/2
                bias = spread / 4 if rectified else 0.0
                entropies.append(gain / 2 + profile.log_mean - bias)
                spreads.append(spread)
            fluctuation += terms.fluctuation
        if self._profiles > _MOST_PROFILES:
            self._plant()
        return self._combine(structure, entropies, spreads)

    def _combine(self, structure: Structure, entropies: list[float], spreads: list[float]) -> Score:
        """Eq. 5, and the deviation that single passes would have about it."""
        weights = self._fixed_weights or z_weights(self.objective, structure.widths)
        z = 0.0
        if self._log_channels:
            for alpha, width in zip(self.objective.alphas, structure.widths):
                z += alpha * log(width)
        variance = before = 0.0
        remaining = sum(weights)
        for weight, entropy, spread in zip(weights, entropies, spreads):
            z += weight * entropy
            # A fluctuation stays with every later stage: H_i and H_j covary by the
            # spread of the earlier one, over 4 as H is half a logarithm.
            variance += (spread - before) * remaining * remaining / 4
            before = spread
            remaining -= weight
        return Score(z, tuple(entropies), sqrt(max(variance, 0.0)), "closed-form", DETAIL)


def predicted_std(structure: Structure, objective: Objective) -> float:
    """Standard deviation of Z over single forward passes of a structure, predicted."""
    return ClosedForm(objective).score([structure])[0].z_std
