"""SynFlow in closed form: every |theta| replaced by its mean, which the sum of many is near.

With all weights of a layer alike so are its channels, and a map is the product of a
column and a row profile. Shortcuts are followed by size: the profile of a sum is taken
from its main path, which is larger by orders of magnitude.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, log, log1p, pi
from typing import NamedTuple

import numpy as np

from engine.blocks import Layer, units
from engine.blocks import Unit as BlockUnit
from engine.scorers.closed_form import windows
from engine.scorers.closed_proxies.base import ClosedProxy
from engine.settings import Forward, Objective
from engine.structure import Block, Structure

#: op, kernel and stride of the layers of a path
Path = tuple[tuple[str, int, int], ...]
#: profiles kept before the tree is planted anew; 60,000 iterations made some 20,000
MOST_PROFILES = 100_000


class Gain(NamedTuple):
    """What the weights of a path multiply a map by, as a logarithm, and their layers."""

    log_gain: float
    layers: int


class Unit(NamedTuple):
    """A unit of a block as SynFlow sees it. around: None without a shortcut."""

    main: Gain
    main_path: Path
    around: Gain | None
    around_path: Path


class ClosedSynFlow(ClosedProxy):
    """log of the sum over weights of theta dR/dtheta, as `SynFlow` has it."""

    proxy = "synflow"

    def __init__(self, objective: Objective, forward: Forward | None = None):
        super().__init__(objective, forward)
        self._plant()

    def _plant(self) -> None:
        self._root = _Profile(np.ones(self.objective.resolution))
        self._profiles = 1

    def value(self, structure: Structure) -> float:
        profile = self._root
        # log of the mean of a map, and how many layers a path through it has on average
        log_mean = layers = 0.0
        for block in structure.blocks:
            for unit, count in lowered(block):
                main, main_path, around, around_path = unit
                for _ in range(count):
                    step = profile.steps.get(main_path)
                    if step is None:
                        step = profile.steps[main_path] = profile.along(main_path)
                        self._profiles += 1
                    log_main = main.log_gain + step.log_ratio
                    if around is None:
                        log_mean += log_main
                        layers += main.layers
                    else:
                        log_around = around.log_gain + profile.ratio(around_path)
                        more = log1p(exp(log_around - log_main))
                        log_mean += log_main + more
                        share = exp(-more)
                        layers += main.layers * share + around.layers * (1 - share)
                    profile = step.profile
        side = len(profile.moments)
        if self._profiles > MOST_PROFILES:
            self._plant()
        positions = structure.blocks[-1].out_channels * side * side
        return log_mean + log(positions) + log(layers)


class _Step(NamedTuple):
    profile: _Profile
    log_ratio: float


class _Profile:
    """Means along one side of a map; a node of a tree of paths."""

    __slots__ = ("log_mean", "moments", "ratios", "steps")

    def __init__(self, moments: np.ndarray):
        self.moments = moments
        # a square map has this profile along both sides
        self.log_mean = 2 * log(moments.mean())
        self.steps: dict[Path, _Step] = {}
        self.ratios: dict[Path, float] = {(): 0.0}

    def along(self, path: Path) -> _Step:
        """The profile behind a path, each window's sum divided by its size."""
        moments = self.moments
        for op, kernel, stride in path:
            moments = _behind(moments, op, kernel, stride)
        # small numbers would add up to nothing in deep networks
        behind = _Profile(moments / moments.max())
        return _Step(behind, 2 * log(moments.mean()) - self.log_mean)

    def ratio(self, path: Path) -> float:
        """log of the mean behind a path over the mean before."""
        found = self.ratios.get(path)
        if found is None:
            found = self.ratios[path] = self.along(path).log_ratio
        return found


def _behind(moments: np.ndarray, op: str, kernel: int, stride: int) -> np.ndarray:
    if op == "conv":
        return windows(moments, kernel, stride)
    starts = range(0, len(moments), stride)
    if op == "avgpool":
        return np.array([moments[start : start + kernel].mean() for start in starts])
    half = kernel // 2
    return np.array([moments[max(0, start - half) : start + half + 1].max() for start in starts])


@lru_cache(maxsize=1 << 14)
def lowered(block: Block) -> tuple[tuple[Unit, int], ...]:
    """The block as (unit, how many in a row)."""
    return tuple((_unit(unit), count) for unit, count in units(block))


def _unit(unit: BlockUnit) -> Unit:
    return Unit(
        _gain(unit.path),
        _path(unit.path),
        None if unit.shortcut is None else _gain(unit.around),
        _path(unit.around),
    )


def _gain(layers: tuple[Layer, ...]) -> Gain:
    """fan_in * E|theta| of each convolution: theta ~ N(0, 2 / fan_in) has sqrt(4 / pi fan_in)."""
    convolutions = [layer for layer in layers if layer.op == "conv"]
    log_gain = sum(log(4 / pi * layer.fan_in) / 2 for layer in convolutions)
    return Gain(log_gain, len(convolutions))


def _path(layers: tuple[Layer, ...]) -> Path:
    """What changes a profile: not 1x1 convolutions that keep the side."""
    return tuple(
        (layer.op, layer.kernel, layer.stride)
        for layer in layers
        if layer.op != "se" and (layer.op != "conv" or layer.kernel > 1 or layer.stride > 1)
    )
