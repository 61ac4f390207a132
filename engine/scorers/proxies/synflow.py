"""SynFlow: Tanaka et al., "Pruning neural networks without any data by iteratively
conserving synaptic flow", NeurIPS 2020, Section 5.

R = 1^T (product of |theta|) 1 is what the network with absolute weights puts out in sum
for an image of ones (Eq. 3, 4), and the score of a network is the sum over weights of
theta dR/dtheta, which is nowhere negative. Derivatives by all weights add up to one
derivative, by a common factor t of all weights: sum of theta dR/dtheta = dR(t theta)/dt
at t = 1. So no backward pass is needed: each map x travels with its own derivative.
Both are alike all over their middle, which `middle` leaves out.
"""

from __future__ import annotations

from math import exp, log, pi, sqrt
from typing import NamedTuple

import torch
import torch.nn.functional as F

from engine.blocks import Layer
from engine.scorers.base import Stop
from engine.scorers.gaussian_pool import GaussianPool
from engine.scorers.proxies.base import Proxy
from engine.scorers.proxies.middle import Middle, before, shortened, with_absent
from engine.scorers.proxies.network import Weights, convolve, pooled, run
from engine.scorers.vanilla import taps
from engine.structure import IMAGE_CHANNELS, Structure

#: log of the size that maps may grow to before they are divided: float32 and bfloat16
#: end at e^88, and one more layer adds about e^11
MOST_GROWTH = 30.0


class SynFlow(Proxy):
    """The network as it is trained, weights drawn as in He et al. (fan-in): N(0, 2 / fan-in).

    Batch norm is in evaluation mode, which at initialisation leaves maps as they are,
    and its parameters are not scored. The value is the logarithm of the score: that
    itself leaves the range of float64 in deep structures. Inside, maps are divided by
    constants whose logarithms are carried along, which approximates nothing.
    """

    method = "synflow"
    images = 1

    def number_format(self, fastest: torch.dtype) -> torch.dtype:
        """All terms are positive, so 16 bits cost little but range, which float16 lacks."""
        return torch.float32 if fastest == torch.float16 else fastest

    def make_pool(self, seed: int, segment: int) -> GaussianPool:
        """A pool of |N(0, 1)|: absolute values are taken once, not for each structure."""
        return _AbsolutePool(seed, self.device, self.dtype, 0, segment)

    def _images(self, index: int) -> torch.Tensor:
        side = self.objective.resolution
        one = torch.ones((), dtype=self.dtype, device=self.device)
        return one.expand(1, IMAGE_CHANNELS, side, side)

    def measure(
        self, structure: Structure, images: torch.Tensor, weights: Weights, cancelled: Stop
    ) -> torch.Tensor:
        image, middle = shortened(images)
        start = _Flow(image, middle, 0, 0.0, 0.0)
        flow = run(structure, _Network(weights), start, shortcuts=True, cancelled=cancelled)
        maps = with_absent(flow.maps, flow.middle, 0)
        sums = maps.sum(dim=(1, 2, 3), dtype=torch.float64)
        return (sums[1:].sum() + flow.degree * sums[0]).log() + flow.log_scale


class _AbsolutePool(GaussianPool):
    def _draw(self, index: int, number: int, count: int | None = None) -> torch.Tensor:
        return super()._draw(index, number, count).abs_()


class _Flow(NamedTuple):
    """A map x and its derivative x' by the factor of all weights before it.

    maps: x, and the part of x' that is not a multiple of x (left out while it is zero),
    without most of their `middle`.
    degree: x' has `degree` times x besides: behind n convolutions in a row x grows with
    t^n, so that n is added, and no map has to be. log_scale: log of the true size of
    `maps`. growth: about the log of the values in it.
    """

    maps: torch.Tensor
    middle: Middle
    degree: int
    log_scale: float
    growth: float


class _Network:
    def __init__(self, weights: Weights):
        self._weights = weights

    def convolution(self, flow: _Flow, layer: Layer) -> _Flow:
        maps, middle, degree, log_scale, growth = flow
        maps, after = before(maps, middle, layer)
        # the mean of |N(0, 1)| is sqrt(2 / pi); taps beyond the border meet no map
        met = taps(maps.shape[2], layer.kernel, layer.stride) ** 2
        growth += log(layer.in_channels / layer.groups * met * sqrt(2 / pi))
        maps = convolve(maps, self._weights.normals(layer), layer)
        log_scale += log(2 / layer.fan_in) / 2
        if abs(growth) > MOST_GROWTH:
            maps = maps.mul_(exp(-growth))
            log_scale, growth = log_scale + growth, 0.0
        return _Flow(maps, after, degree + 1, log_scale, growth)

    def pool(self, flow: _Flow, layer: Layer) -> _Flow:
        maps, after = before(flow.maps, flow.middle, layer)
        return flow._replace(maps=_pooled(maps, layer), middle=after)

    def relu(self, flow: _Flow) -> _Flow:
        return flow  # nothing is negative

    def add(self, flow: _Flow, around: _Flow) -> _Flow:
        """The sum, in the scale of the path that is larger."""
        if flow.log_scale + flow.growth < around.log_scale + around.growth:
            flow, around = around, flow
        flow, around = _alike(flow, around)
        share = exp(around.log_scale - flow.log_scale)
        more = flow.degree - around.degree
        if len(flow.maps) == 2:  # nobody reads either map again: add in place
            x, rest = flow.maps[:1], flow.maps[1:]
            if more:
                rest.add_(x, alpha=more)
            if len(around.maps) == 2:
                rest.add_(around.maps[1:], alpha=share)
            x.add_(around.maps[:1], alpha=share)
            return flow._replace(degree=around.degree)
        count = max(2, len(flow.maps), len(around.maps))
        maps = torch.empty(
            (count, *flow.maps.shape[1:]),
            dtype=flow.maps.dtype,
            device=flow.maps.device,
            memory_format=torch.channels_last,
        )
        torch.add(flow.maps[0], around.maps[0], alpha=share, out=maps[0])
        # x' less around's degree times x: what flow has of x beyond that, and both rests
        rest = torch.mul(flow.maps[0], more, out=maps[1])
        if len(around.maps) == 2:
            rest.add_(around.maps[1], alpha=share)
        return flow._replace(maps=maps, degree=around.degree)


def _alike(*flows: _Flow) -> list[_Flow]:
    """The flows with the same rows and columns kept."""
    middle = Middle(max(f.middle.reach for f in flows), min(f.middle.absent for f in flows))
    return [
        f._replace(maps=with_absent(f.maps, f.middle, middle.absent), middle=middle) for f in flows
    ]


def _pooled(maps: torch.Tensor, layer: Layer) -> torch.Tensor:
    """Averages; or maxima of x, which take x' along from where they are."""
    if layer.op != "maxpool" or len(maps) == 1:
        return pooled(maps, layer)
    kernel, stride = layer.kernel, layer.stride
    x, where = F.max_pool2d(maps[:1], kernel, stride, kernel // 2, return_indices=True)
    rest = maps[1:].flatten(2).gather(2, where.flatten(2)).view_as(x)
    return torch.cat((x, rest)).contiguous(memory_format=torch.channels_last)
