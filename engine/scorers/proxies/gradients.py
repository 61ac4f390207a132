"""What the proxies of gradients share: a network with a classifier, a loss, and ways back.

Their papers score a classifier of images by a minibatch with its labels. A backbone has
neither, so C5 gets what it is pre-trained under: an average over all positions and a linear
classifier of 1,000 classes, as those of ImageNet. Its weights are N(0, 1 / C5's channels),
those of convolutions N(0, 2 / fan-in) (He et al. 2015), biases are zero. Images are noise and
labels drawn evenly, as where Zen-NAS measures the gradient norm (Lin et al. 2021, released
code): what these proxies tell apart at initialisation is networks, not data.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import torch

from engine.blocks import Layer, units
from engine.costs import halved
from engine.scorers.base import Cancelled, Stop
from engine.scorers.proxies.base import Proxy
from engine.scorers.proxies.network import Weights, convolve, pooled, run, weights_number
from engine.structure import Structure

#: of the classifier: as many as ImageNet has
CLASSES = 1000
#: what batch norm adds to variances
EPSILON = 1e-5

#: given a convolution's number, its weights and their gradient, while a way back passes by
Take = Callable[[int, torch.Tensor, torch.Tensor], None]
#: given a map behind a ReLU and its gradient, likewise
TakeMap = Callable[[torch.Tensor, torch.Tensor], None]


class GradientProxy(Proxy):
    """A proxy of the network as it is trained: shortcuts, and batch norm over the minibatch.

    Squeeze-and-excitation is left out, as it is of the other proxies, and batch norm has
    no weights. gradients: of all weights, how many a pass holds at once.
    """

    gradients = 0

    def number_format(self, fastest: torch.dtype) -> torch.dtype:
        """float32: gradients of 16 bits underflow, and nothing here scales a loss."""
        return torch.float32

    @abstractmethod
    def gauge(self, passed: Passed) -> torch.Tensor:
        """What `value` needs of one pass, left on the device. Raises Cancelled."""

    def measure(
        self, structure: Structure, images: torch.Tensor, weights: Weights, cancelled: Stop
    ) -> torch.Tensor:
        with torch.inference_mode(False), torch.enable_grad():
            passed = Passed(structure, images, weights, cancelled)
            return self.gauge(passed).detach()

    def pass_bytes(self, structure: Structure) -> int:
        """What is kept for the way back, what one layer works on there, weights, gradients."""
        kept, work = _maps(structure, self.objective.resolution)
        largest = max(layer.weights for layer in layers(structure))
        weights = weights_number(structure) + CLASSES * structure.blocks[-1].out_channels
        weights = weights * (1 + self.gradients) + 2 * largest
        return self.dtype.itemsize * (self.count * (kept + work) + weights)


class Passed:
    """A minibatch that has gone through the network, whose gradients can be had.

    structure: the backbone. features: the averages of C5, (images, channels). head: the
    classifier's weights, (CLASSES, channels). labels: of the images. logits: what the
    classifier makes of them.
    """

    def __init__(
        self, structure: Structure, images: torch.Tensor, weights: Weights, cancelled: Stop
    ):
        self.structure = structure
        # the place of the largest of many normals is as good as drawn evenly, and drawn
        # before all weights it is the same for every structure
        self.labels = _matrix(weights, CLASSES, images.shape[0]).argmax(dim=1)
        self._network = _Network(weights, cancelled)
        self._images = images.clone(memory_format=torch.channels_last).requires_grad_()
        maps = run(structure, self._network, self._images, shortcuts=True, cancelled=cancelled)
        self._averages = maps.mean(dim=(2, 3))
        channels = maps.shape[1]
        self.features = self._averages.detach()
        self.head = _matrix(weights, channels, CLASSES) / channels**0.5
        self.logits = self.features @ self.head.t()

    @property
    def errors(self) -> torch.Tensor:
        """Gradient by the logits of the cross-entropy, its mean over the images."""
        errors: torch.Tensor = self.logits.softmax(dim=1)
        errors[torch.arange(len(errors), device=errors.device), self.labels] -= 1
        return errors / len(errors)

    def back(
        self,
        cotangents: torch.Tensor,
        take: Take | None = None,
        take_map: TakeMap | None = None,
        again: bool = False,
    ) -> torch.Tensor:
        """Go back from the logits, of which `cotangents` is the gradient; gives the images'.

        take, take_map: what is done with gradients on the way; the classifier's weights have
        cotangents^T features. again: whether there will be another way back. Raises Cancelled.
        """
        self._network.take, self._network.take_map = take, take_map
        (found,) = torch.autograd.grad(
            self._averages, self._images, cotangents @ self.head, retain_graph=again
        )
        return found


class _Network:
    """Operations under autograd, which a pass walks by; see `network.Network`."""

    def __init__(self, weights: Weights, cancelled: Stop):
        self.take: Take | None = None
        self.take_map: TakeMap | None = None
        self.cancelled = cancelled
        self._weights = weights
        self._number = 0

    def convolution(self, x: torch.Tensor, layer: Layer) -> torch.Tensor:
        weights = self._weights.normals(layer) * (2 / layer.fan_in) ** 0.5
        maps = _normalised(x, weights, layer, self._number, self)
        self._number += 1
        return maps

    def pool(self, x: torch.Tensor, layer: Layer) -> torch.Tensor:
        return pooled(x, layer)

    def relu(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu_(x)
        kept = y.detach()  # a hook that held y would hold itself

        def hook(gradient: torch.Tensor) -> None:
            if self.take_map is not None:
                self.take_map(kept, gradient)

        y.register_hook(hook)
        return y

    def add(self, x: torch.Tensor, around: torch.Tensor) -> torch.Tensor:
        return x + around


class _Normalised(torch.autograd.Function):
    """A convolution and its batch norm.

    Its output is not kept: the way back convolves again, which takes less than the memory of
    every map costs. The gradient of the weights is handed on at once, and kept nowhere.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weights: torch.Tensor,
        layer: Layer,
        number: int,
        network: _Network,
    ) -> torch.Tensor:
        h = convolve(x, weights, layer)
        y, mean, inverse = torch.native_batch_norm(h, None, None, None, None, True, 0.0, EPSILON)
        ctx.save_for_backward(x, mean, inverse)
        ctx.of = weights, layer, number, network
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, mean, inverse = ctx.saved_tensors
        weights, layer, number, network = ctx.of
        if network.cancelled():
            raise Cancelled
        h = convolve(x, weights, layer)
        by_h, _, _ = torch.ops.aten.native_batch_norm_backward(
            gradients[0], h, None, None, None, mean, inverse, True, EPSILON, [True, False, False]
        )
        del h
        stride, padding = layer.stride, layer.kernel // 2
        by_x, by_weights, _ = torch.ops.aten.convolution_backward(
            by_h, x, weights, None, [stride, stride], [padding, padding], [1, 1], False, [0, 0],
            layer.groups, [True, network.take is not None, False],
        )  # fmt: skip
        if network.take is not None:
            network.take(number, weights, by_weights)
        return by_x, None, None, None, None


_normalised: Callable[..., torch.Tensor] = _Normalised.apply


def _matrix(weights: Weights, inside: int, outside: int) -> torch.Tensor:
    """Normals of shape (outside, inside)."""
    return weights.normals(Layer("conv", inside, outside, 1, 1))[:, :, 0, 0]


def layers(structure: Structure) -> list[Layer]:
    """The convolutions of the network, in the order of their numbers."""
    return [
        layer
        for block in structure.blocks
        for unit, count in units(block)
        for _ in range(count)
        for layer in unit.layers
        if layer.op == "conv"
    ]


def _maps(structure: Structure, resolution: int) -> tuple[int, int]:
    """Values of an image that are kept for the way back, and the most that a layer works on:
    two maps of its input, three of its output, and what waits for the shortcut."""
    size, kept, work = (resolution, resolution), 0, 0
    for block in structure.blocks:
        for unit, count in units(block):
            entering, ends = unit.in_channels * size[0] * size[1], []
            for path in (unit.path, unit.around):
                after = size
                for layer in path:
                    before, after = after, halved(after, layer.stride)
                    out = layer.out_channels * after[0] * after[1]
                    # a maximum keeps where it was, in 64 bits
                    kept += count * out * (3 if layer.op == "maxpool" else 1)
                    taken = 2 * layer.in_channels * before[0] * before[1] + 3 * out
                    work = max(work, entering + taken)
                ends.append(after)
            size = ends[0]
    return kept, work
