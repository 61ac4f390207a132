"""Zen-Score in closed form: gains of variance, and how far a perturbation is carried.

Behind batch norm a map is standard normal to first order, whatever its channel, so a
convolution of one has the mean variance that its taps add up to; and the likeness of
an image to its perturbed twin goes through each ReLU as a number, for all widths.
"""

from __future__ import annotations

from functools import lru_cache
from math import log, pi, sqrt
from typing import NamedTuple

from engine.blocks import Layer, units
from engine.scorers.closed_proxies.base import ClosedProxy
from engine.scorers.mean_field import maxpool_moments, relu_correlation
from engine.structure import Block, Structure

#: correlation of x and x + 0.01 eps (alpha of Algorithm 1)
ALIKE = 1 / sqrt(1 + 0.01**2)


class Entering(NamedTuple):
    """What a layer is given. rectified: normals behind a ReLU; window: of how many
    positions the maximum was taken since."""

    rectified: bool = False
    window: int = 1

    @property
    def moments(self) -> tuple[float, float]:
        """(second moment, squared mean) of the values."""
        second = 0.5 if self.rectified else 1.0
        square = 1 / (2 * pi) if self.rectified else 0.0
        if self.window > 1:
            factor, share = maxpool_moments(0.0, self.window, self.rectified)
            second *= factor
            square = share * second
        return second, square


class Terms(NamedTuple):
    """What a block adds. log_sigmas: sum of log sqrt(mean sigma^2) over its batch norms.
    relus: ReLUs passed. side, entering: of what the next block is given."""

    log_sigmas: float
    relus: int
    side: int
    entering: Entering


class ClosedZenScore(ClosedProxy):
    """log Delta + sum over batch norms of log sqrt(mean sigma^2), as `ZenScore` has it."""

    proxy = "zen-score"

    def value(self, structure: Structure) -> float:
        side, entering = self.objective.resolution, Entering()
        log_sigmas, relus = 0.0, 0
        for block in structure.blocks:
            terms = block_terms(block, side, entering)
            log_sigmas += terms.log_sigmas
            relus += terms.relus
            side, entering = terms.side, terms.entering
        # Delta^2 = C H W E[(f(x) - f(x'))^2], k being the kernel: E = 1 - k behind a ReLU
        if entering.rectified:
            apart = 1 - relu_correlation(likeness(relus - 1))
        else:
            apart = 2 - 2 * likeness(relus)
        return log(structure.blocks[-1].out_channels * side * side * apart) / 2 + log_sigmas


@lru_cache(maxsize=1 << 14)
def block_terms(block: Block, side: int, entering: Entering) -> Terms:
    """Terms of a block whose input has that side; residual links are left out."""
    log_sigmas, relus = 0.0, 0
    for unit, count in units(block):
        for _ in range(count):
            main = [layer for layer in unit.path if layer.op != "se"]
            for layer in main:
                if layer.op == "conv":
                    log_sigmas += log(_variance(layer, side, *entering.moments)) / 2
                    entering = Entering(layer.activation != "none")
                    relus += entering.rectified
                else:
                    entering = entering._replace(window=entering.window * layer.kernel**2)
                side = -(-side // layer.stride)
            if unit.activation != "none" and not entering.rectified:
                # what a pooling between takes the maximum of may as well be rectified before
                entering = entering._replace(rectified=True)
                relus += 1
    return Terms(log_sigmas, relus, side, entering)


def _variance(layer: Layer, side: int, second: float, square: float) -> float:
    """Mean over channels of the variance over positions that a convolution puts out.

    A tap is zero at the share of positions where it lies beyond the border: it has
    second * inside - square * inside^2.
    """
    inside, squares = _taps_inside(side, layer.kernel, layer.stride)
    return layer.fan_in / layer.kernel**2 * (second * inside - square * squares)


@lru_cache(maxsize=1 << 10)
def _taps_inside(side: int, kernel: int, stride: int) -> tuple[float, float]:
    """Sums over the k x k taps of the share of positions inside, and of its square."""
    positions = range(0, side, stride)
    shares = [
        sum(0 <= position + tap - kernel // 2 < side for position in positions) / len(positions)
        for tap in range(kernel)
    ]
    return sum(shares) ** 2, sum(share * share for share in shares) ** 2


@lru_cache(maxsize=1 << 12)
def likeness(relus: int) -> float:
    """Correlation of pre-activations of x and x + 0.01 eps behind that many ReLUs.

    Batch norm takes the mean of what a ReLU leaves, so that 1/pi of the kernel goes.
    """
    correlation = ALIKE
    for _ in range(relus):
        correlation = (relu_correlation(correlation) - 1 / pi) / (1 - 1 / pi)
    return correlation
