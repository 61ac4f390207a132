"""How positions of a feature map correlate, layer by layer, in a wide vanilla network.

Two positions of a map are either the same or not, and to first order nothing else
matters: the weights of a convolution are independent, so different offsets of its
window never mix, and the correlation r between two different positions is one number
for the whole map. Noise starts at r = 0; each ReLU raises it, since a rectified map
has a mean. From r follows how much the second moment of a map of C channels
fluctuates, which is all that separates the mean of log Var (a measurement) from the
log of the mean (the closed form). `docs/closed-form.md` derives each line.
"""

from __future__ import annotations

from functools import lru_cache
from math import acos, erf, pi, sin, sqrt

import numpy as np


def _angle(correlation: float) -> float:
    return acos(max(-1.0, min(1.0, correlation)))


def relu_correlation(r: float) -> float:
    """E[relu(u) relu(v)] / E[relu(u)^2] of standard normals u, v of correlation r.

    The arc-cosine kernel of order one: 1/pi at r = 0, 1 at r = 1.
    """
    theta = _angle(r)
    return (sin(theta) + (pi - theta) * r) / pi


def behind_relu(correlation: float) -> float:
    """The inverse of `relu_correlation`, for 1/pi <= correlation <= 1, to 1e-9."""
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if relu_correlation(middle) < correlation else (low, middle)
    return low


def relu_fluctuation(r: float) -> float:
    """Relative covariance of relu(u)^2 and relu(v)^2: 0 at r = 0, 5 at r = 1.

    Twice the arc-cosine kernel of order two, normalised, less one.
    """
    theta = _angle(r)
    second = (3 * sin(theta) * r + (pi - theta) * (1 + 2 * r * r)) / (2 * pi)
    return 4 * second - 1


@lru_cache(maxsize=256)
def maxpool_moments(r: float, window: int, rectified: bool) -> tuple[float, float]:
    """Of the maximum over `window` equally correlated positions of a map.

    r: correlation of the normals behind the map; rectified: whether a ReLU came
    between. Returns (second moment over the map's own, correlation between maxima of
    disjoint windows). The normals split into a part shared by all positions and an
    independent one; the integrals run over both on fixed grids (error below 1e-4).
    """
    shared, weights = np.polynomial.hermite_e.hermegauss(48)
    weights = weights / weights.sum()
    grid = np.linspace(-8.0, 8.0, 1601)
    cdf = np.array([0.5 * (1 + erf(x / sqrt(2))) for x in grid])
    mass = np.diff(cdf**window)
    middle = (grid[1:] + grid[:-1]) / 2
    values = sqrt(r) * shared[:, None] + sqrt(1 - r) * middle[None, :]
    if rectified:
        values = np.maximum(values, 0)
    first = values @ mass
    second = float(weights @ (values**2 @ mass))
    return second / (0.5 if rectified else 1.0), float(weights @ first**2) / second
