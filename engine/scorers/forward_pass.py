"""One forward pass through a vanilla network (Eq. 2-4), without a module or a draw.

Maps are kept as (H * W, C) matrices, the channels-last layout: a 1x1 convolution is
then a matrix product, and that product takes gamma as its scalar factor, so that
dividing by gamma (Eq. 4) never costs a pass over a map.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp

import torch
import torch.nn.functional as F

from engine.blocks import Layer
from engine.scorers.activation_cache import ActivationCache, Measured, State
from engine.scorers.base import Cancelled
from engine.scorers.forward_device import Lanes
from engine.scorers.gaussian_pool import GaussianPool
from engine.scorers.vanilla import Operation, Run, between, operation, stops
from engine.structure import IMAGE_CHANNELS, Structure

#: input images kept, one per pass index
IMAGES = 8


class VanillaPass:
    """Runs structures on one device in one dtype, with one pool and one cache.

    Pass number `index` has its own input image and its own weights, the same ones for
    every structure (common random numbers). Nothing here waits for the device.
    """

    def __init__(
        self,
        pool: GaussianPool,
        cache: ActivationCache,
        lanes: Lanes,
        resolution: int,
        activation: str,
    ):
        self.pool = pool
        self.cache = cache
        self.lanes = lanes
        self.resolution = resolution
        self.activation = activation
        self.macs = 0
        self._images: dict[int, torch.Tensor] = {}
        self._zero = torch.zeros(1, device=pool.device, dtype=pool.dtype)

    @property
    def image_bytes(self) -> int:
        """Most bytes that input images take."""
        return IMAGES * IMAGE_CHANNELS * self.resolution**2 * self.pool.dtype.itemsize

    def run(
        self, structure: Structure, index: int, keep: bool, cancelled: Callable[[], bool]
    ) -> tuple[Measured, ...]:
        """Pass `index` through the structure: the measured map of each stage, C1 first.

        keep: whether its maps go to the cache. Raises Cancelled between convolutions,
        ValueError for a stage without a convolution.
        """
        plan = stops(structure)
        first, before, state = self._longest_beginning(plan, index)
        for stop in plan[first:]:
            todo = between(before, stop.runs)
            for number, layers in enumerate(todo):
                measure = stop.measured and number == len(todo) - 1
                state = self._unit(state, layers, measure, index, cancelled)
            before = stop.runs
            if todo and keep:
                self.cache.put(index, before, state._replace(ready=self.lanes.mark()))
            if stop.ends:
                state = state._replace(ended=(*state.ended, state.here), here=None)
        return state.ended

    def _longest_beginning(self, plan, index: int) -> tuple[int, tuple[Run, ...], State]:
        """The stop to go on to, the runs already done, and their state."""
        for number in range(len(plan) - 1, -1, -1):
            runs = plan[number].runs
            needs_here = plan[number].measured or plan[number].ends
            found = self.cache.get(index, runs, runs[-1].count, needs_here)
            if found is not None:
                count, state = found
                self.lanes.hand_over(state.x, state.ready)
                return number, (*runs[:-1], runs[-1]._replace(count=count)), state
        return 0, (), State(self._image(index), self.resolution)

    def _image(self, index: int) -> torch.Tensor:
        """The input image of a pass, N(0, 1), as a (H * W, 3) matrix."""
        image = self._images.get(index)
        if image is None:
            while len(self._images) >= IMAGES:
                self._images.pop(next(iter(self._images)))
            image = self.pool.normals(index, IMAGE_CHANNELS * self.resolution**2)
            image = self._images[index] = image.view(-1, IMAGE_CHANNELS)
        return image

    def _unit(
        self,
        state: State,
        layers: tuple[Layer, ...],
        measure: bool,
        index: int,
        cancelled: Callable[[], bool],
    ) -> State:
        """The layers of one unit; measure: take the variance of its last convolution."""
        for number, layer in enumerate(layers):
            step = operation(layer, state.side, self.activation, self.pool.segment)
            if layer.op == "maxpool":
                state = state._replace(x=_maxpool(state.x, step), side=step.out_side)
                continue
            last = measure and number == len(layers) - 1
            state = self._convolution(state, step, last, index, cancelled)
        return state

    def _convolution(
        self, state: State, step: Operation, measure: bool, index: int, cancelled
    ) -> State:
        """x^l = relu(h^l) / gamma^l with h^l = W^l * x^(l-1) (Eq. 2, 4)."""
        layer = step.layer
        product = layer.kernel == 1 and layer.stride == 1
        x, log_gamma, pending = state.x, state.log_gamma, state.pending
        if product:
            # the product divides by its own gamma and by what earlier layers left undivided
            log_gamma += pending + step.log_gamma
            factor, pending = exp(-pending - step.log_gamma), 0.0
        elif pending:
            x = x * exp(-pending)
            log_gamma, pending, factor = log_gamma + pending, step.log_gamma, 1.0
        else:
            factor, pending = 1.0, step.log_gamma
        offset, parts = state.offset, []
        for width in step.groups:
            if cancelled():
                raise Cancelled
            count = width * layer.in_channels * layer.kernel**2
            start = self.pool.place(offset, count)
            weights = self.pool.slice(index, start, count)
            parts.append(
                torch.addmm(self._zero, x, weights.view(-1, width), beta=0, alpha=factor)
                if product
                else _convolve(x, weights, width, step)
            )
            offset = start + count
        h = parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)
        self.macs += h.shape[0] * layer.out_channels * layer.in_channels * layer.kernel**2
        here = Measured(_moments(h), h.numel(), log_gamma) if measure else None
        if self.activation == "relu":
            h = torch.relu_(h)
        return State(h, step.out_side, offset, log_gamma, pending, state.ended, here)


def _convolve(x: torch.Tensor, weights: torch.Tensor, width: int, step: Operation) -> torch.Tensor:
    """k x k convolution of a (H * W, C) matrix, giving one of `width` columns.

    The weights are read in (out, k, k, in) order, which is a channels-last weight as
    it stands: normals have no order of their own, so none is restored.
    """
    layer = step.layer
    k = layer.kernel
    image = x.view(1, step.side, step.side, layer.in_channels).permute(0, 3, 1, 2)
    kernel = weights.view(width, k, k, layer.in_channels).permute(0, 3, 1, 2)
    h = F.conv2d(image, kernel, stride=layer.stride, padding=k // 2)
    return h.permute(0, 2, 3, 1).reshape(step.out_side**2, width)


def _maxpool(x: torch.Tensor, step: Operation) -> torch.Tensor:
    layer = step.layer
    image = x.view(1, step.side, step.side, layer.in_channels).permute(0, 3, 1, 2)
    pooled = F.max_pool2d(image, layer.kernel, layer.stride, layer.kernel // 2)
    return pooled.permute(0, 2, 3, 1).reshape(step.out_side**2, layer.out_channels)


def _moments(h: torch.Tensor) -> torch.Tensor:
    """(Euclidean norm, sum) of all elements of h, in float32, left on the device."""
    norm = torch.linalg.vector_norm(h, dtype=torch.float32)
    return torch.stack((norm, h.sum(dtype=torch.float32)))
