"""One forward pass through a vanilla network (Eq. 2-4), without a module or a draw.

Maps are kept as (H * W, C) matrices, the channels-last layout: a 1x1 convolution is
then a matrix product, and that product takes gamma as its scalar factor, so that
dividing by gamma (Eq. 4) never costs a pass over a map.
"""

from __future__ import annotations

from math import exp
from threading import Lock

import torch
import torch.nn.functional as F

from engine.blocks import chain
from engine.scorers.activation_cache import ActivationCache, Measured, State
from engine.scorers.base import Cancelled, Stop
from engine.scorers.forward_device import settle
from engine.scorers.forward_lanes import Lanes
from engine.scorers.gaussian_pool import GaussianPool
from engine.scorers.vanilla import Operation, measured_blocks, operation
from engine.structure import IMAGE_CHANNELS, Block, Structure

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
        # log of the scale that may stay in x where no product comes by to divide it out:
        # float16 ends at 65504, the other formats at 1e38
        self._patience = 0.0 if pool.dtype == torch.float16 else 20.0
        self._lock = Lock()
        self._zero = torch.zeros(1, device=pool.device, dtype=pool.dtype)

    @property
    def image_bytes(self) -> int:
        """Most bytes that input images take."""
        return IMAGES * IMAGE_CHANNELS * self.resolution**2 * self.pool.dtype.itemsize

    def clear(self) -> None:
        """Forget weights, maps and images; they come again, the same, when needed."""
        self.cache.clear()
        self.pool.clear()
        with self._lock:
            self._images.clear()

    def run(self, structure: Structure, index: int, cancelled: Stop) -> tuple[Measured, ...]:
        """Pass `index` through the structure: the measured map of each stage, C1 first.

        Raises Cancelled between convolutions, ValueError for a stage without one.
        """
        blocks, measured = structure.blocks, measured_blocks(structure)
        ends = frozenset(structure.stage_ends)
        done, state = self._longest_beginning(structure, measured | ends, index)
        resumed = state.macs
        for number in range(done, len(blocks)):
            if number - 1 in ends:
                state = state._replace(ended=_ended(state), here=None)
            state = self._block(state, blocks[number], number in measured, index, cancelled)
            if number + 1 < len(blocks):
                if cancelled():  # keeping a large map takes as long as a convolution
                    raise Cancelled
                state = self._kept(state, index, blocks[: number + 1])
        with self._lock:
            self.macs += state.macs - resumed
        return _ended(state)

    def _longest_beginning(
        self, structure: Structure, needs_here: frozenset[int], index: int
    ) -> tuple[int, State]:
        """How many blocks have been run before with these weights, and the state behind them."""
        for number in range(len(structure.blocks) - 1, 0, -1):
            beginning = structure.blocks[:number]
            state = self.cache.get(index, beginning, number - 1 in needs_here)
            if state is not None:
                self.lanes.hand_over(state.x, state.ready)
                return number, state._replace(x=state.x.to(self.pool.dtype))
        return 0, State(self._image(index), self.resolution)

    def _kept(self, state: State, index: int, beginning: tuple[Block, ...]) -> State:
        """Keep the state, with x in 16 bits, and return it as whoever resumes it will see it.

        Going on from the rounded x makes the result independent of what is in the cache.
        """
        kept = state.x if state.x.element_size() == 2 else state.x.to(torch.bfloat16)
        state = state._replace(x=kept, ready=self.lanes.mark())
        self.cache.put(index, beginning, state)
        return state._replace(x=kept.to(self.pool.dtype))

    def _image(self, index: int) -> torch.Tensor:
        """The input image of a pass, N(0, 1), as a (H * W, 3) matrix."""
        with self._lock:
            image = self._images.get(index)
            if image is None:
                if len(self._images) >= IMAGES:
                    settle(self.pool.device)  # a lane may still read what is dropped
                    self._images.clear()
                image = self.pool.normals(index, IMAGE_CHANNELS * self.resolution**2)
                image = self._images[index] = image.view(-1, IMAGE_CHANNELS)
            return image

    def _block(
        self,
        state: State,
        block: Block,
        measure: bool,
        index: int,
        cancelled: Stop,
    ) -> State:
        """The layers of a block; measure: take the variance of its last convolution."""
        layers = chain(block)
        for number, layer in enumerate(layers):
            step = operation(layer, state.side, self.activation, self.pool.segment)
            if layer.op == "maxpool":
                state = state._replace(x=_maxpool(state.x, step), side=step.out_side)
                continue
            if layer.op == "unshuffle":
                state = state._replace(x=_unshuffle(state.x, step), side=step.out_side)
                continue
            last = measure and number == len(layers) - 1
            state = self._convolution(state, step, last, index, cancelled)
        return state

    def _convolution(
        self, state: State, step: Operation, measure: bool, index: int, cancelled: Stop
    ) -> State:
        """x^l = relu(h^l) / gamma^l with h^l = W^l * x^(l-1) (Eq. 2, 4)."""
        layer = step.layer
        product = layer.kernel == layer.stride == layer.groups == 1
        x, log_gamma, pending = state.x, state.log_gamma, state.pending
        if product:
            # the product divides by its own gamma and by what earlier layers left undivided
            log_gamma += pending + step.log_gamma
            factor, pending = exp(-pending - step.log_gamma), 0.0
        else:
            if pending > self._patience:
                x = x * exp(-pending)
                log_gamma, pending = log_gamma + pending, 0.0
            factor, pending = 1.0, pending + step.log_gamma
        offset, parts = state.offset, []
        for width in step.parts:
            if cancelled():
                raise Cancelled
            count = width * layer.fan_in
            start = self.pool.place(offset, count)
            weights = self.pool.slice(index, start, count)
            parts.append(
                torch.addmm(self._zero, x, weights.view(-1, width), beta=0, alpha=factor)
                if product
                else _convolve(x, weights, width, step)
            )
            offset = start + count
        h = parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)
        here = Measured(_moments(h), h.numel(), log_gamma) if measure else None
        if self.activation == "relu":
            h = torch.relu_(h)
        macs = state.macs + step.macs
        return State(h, step.out_side, offset, log_gamma, pending, macs, state.ended, here)


def _ended(state: State) -> tuple[Measured, ...]:
    """The measured maps of all stages, at the end of one."""
    assert state.here is not None  # `measured_blocks` finds one in each stage
    return (*state.ended, state.here)


def _convolve(x: torch.Tensor, weights: torch.Tensor, width: int, step: Operation) -> torch.Tensor:
    """k x k convolution of a (H * W, C) matrix, giving one of `width` columns.

    The weights are read in (out, k, k, in) order, which is a channels-last weight as
    it stands: normals have no order of their own, so none is restored.
    """
    layer = step.layer
    k = layer.kernel
    image = x.view(1, step.side, step.side, layer.in_channels).permute(0, 3, 1, 2)
    kernel = weights.view(width, k, k, -1).permute(0, 3, 1, 2)
    h = F.conv2d(image, kernel, stride=layer.stride, padding=k // 2, groups=layer.groups)
    return h.permute(0, 2, 3, 1).reshape(step.out_side**2, width)


def _maxpool(x: torch.Tensor, step: Operation) -> torch.Tensor:
    layer = step.layer
    image = x.view(1, step.side, step.side, layer.in_channels).permute(0, 3, 1, 2)
    pooled = F.max_pool2d(image, layer.kernel, layer.stride, layer.kernel // 2)
    return pooled.permute(0, 2, 3, 1).reshape(step.out_side**2, layer.out_channels)


def _unshuffle(x: torch.Tensor, step: Operation) -> torch.Tensor:
    """The four pixels of each 2 x 2 cell as channels; an odd side gets a row of zeros."""
    odd = step.side % 2
    image = F.pad(x.view(step.side, step.side, -1), (0, 0, 0, odd, 0, odd))
    cells = image.unflatten(1, (-1, 2)).unflatten(0, (-1, 2)).transpose(1, 2)
    stacked: torch.Tensor = cells.reshape(step.out_side**2, step.layer.out_channels)
    return stacked


def _moments(h: torch.Tensor) -> torch.Tensor:
    """(sum of squares, sum) of all elements of h, in float64, left on the device.

    By positions first: adding up a large map in float32 without a break loses a thousandth.
    """
    norms = torch.linalg.vector_norm(h, dim=1, dtype=torch.float32)
    sums = h.sum(dim=1, dtype=torch.float32)
    return torch.stack((norms.double().square().sum(), sums.double().sum()))
