"""NASWOT in closed form: how often a ReLU differs between two images.

Behind batch norm a ReLU is on half of the time, and images of noise stay unlike, so
that codes differ at half of these. Behind a shortcut they do not: a block's sum is
never below what its batch norm added, and the longer a stage, the more of its units
are on for every image.
"""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import NamedTuple

import numpy as np

from engine.blocks import units
from engine.scorers.closed_proxies.base import ClosedProxy
from engine.settings import Forward, Objective
from engine.structure import Block, Structure

#: what a unit's values have been through: a float starts anew as a normal of that variance
#: behind a ReLU, an int is the maximum over so many positions, and a "+" is a normal of
#: variance 1 added, behind a ReLU
Past = tuple[float | int | str, ...]
#: distance of grid points, and the largest value that a unit may reach
STEP, REACH = 0.02, 40.0


class Terms(NamedTuple):
    """What a block adds: ReLUs of an image, and at how many of these two images differ.
    side, past: of what the next block is given."""

    relus: float
    different: float
    side: int
    past: Past


class ClosedNaswot(ClosedProxy):
    """log |K_H| of `count` images whose codes differ at the expected number of ReLUs."""

    proxy = "naswot"

    def __init__(self, objective: Objective, forward: Forward | None = None):
        super().__init__(objective, forward)
        images = "1 image" if self.count == 1 else f"{self.count} images"
        self.detail = f"naswot of {images} in closed form"

    def value(self, structure: Structure) -> float:
        side = self.objective.resolution
        past: Past = (1.0,)
        relus = different = 0.0
        for block in structure.blocks:
            terms = block_terms(block, side, past)
            relus += terms.relus
            different += terms.different
            side, past = terms.side, terms.past
        # K_H has `relus` on the diagonal, and `relus - different` everywhere else
        n = self.count
        return (
            log(n * relus - (n - 1) * different) + (n - 1) * log(different) if n > 1 else log(relus)
        )


@lru_cache(maxsize=1 << 14)
def block_terms(block: Block, side: int, past: Past) -> Terms:
    """Terms of a block whose input has that side and past."""
    relus = different = 0.0
    for unit, count in units(block):
        for _ in range(count):
            around = past
            main = [layer for layer in unit.path if layer.op != "se"]
            for layer in main:
                side = -(-side // layer.stride)
                if layer.op != "conv":
                    past = (*past, layer.kernel**2)
                    continue
                past = (1.0,)
                if layer.activation != "none":
                    relus += layer.out_channels * side * side
                    different += layer.out_channels * side * side / 2
            if unit.shortcut is not None:
                projected = any(layer.op == "conv" for layer in unit.around)
                pools = (layer.kernel**2 for layer in unit.around if layer.op == "maxpool")
                past = (2.0,) if projected else (*around, *pools, "+")
            if unit.activation != "none":
                _, on = values(past)
                units_here = main[-1].out_channels * side * side
                relus += units_here
                different += 2 * on * (1 - on) * units_here
    return Terms(relus, different, side, past)


@lru_cache(maxsize=1 << 12)
def values(past: Past) -> tuple[np.ndarray, float]:
    """(probabilities of 0, STEP, 2 STEP, ...; share of values above zero before the last ReLU)."""
    *before, last = past
    if isinstance(last, int):
        density, on = values(tuple(before))
        return np.diff(np.cumsum(density) ** last, prepend=0.0), 1 - (1 - on) ** last
    if isinstance(last, float):
        return _rectified(_normal(last))
    density, _ = values(tuple(before))
    return _rectified(np.convolve(density, _normal(1.0)), len(_normal(1.0)) // 2)


def _normal(variance: float) -> np.ndarray:
    """Probabilities of a normal on the grid, its mean in the middle."""
    most = int(6 * variance**0.5 / STEP)
    density: np.ndarray = np.exp(-((np.arange(-most, most + 1) * STEP) ** 2) / (2 * variance))
    density /= density.sum()
    return density


def _rectified(density: np.ndarray, zero: int | None = None) -> tuple[np.ndarray, float]:
    """What is below zero at zero. zero: where in the density, by default its middle."""
    zero = len(density) // 2 if zero is None else zero
    off = density[:zero].sum() + density[zero] / 2
    kept = density[zero : zero + int(REACH / STEP)].copy()
    kept[0] += density[:zero].sum()
    return kept / kept.sum(), float(1 - off / density.sum())
