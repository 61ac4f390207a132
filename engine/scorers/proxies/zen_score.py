"""Zen-Score: Lin et al., "Zen-NAS: A Zero-Shot NAS for High-Performance Deep Image
Recognition", ICCV 2021, Section 4 and Algorithm 1.

The Gaussian complexity of the vanilla network, log E ||f(x) - f(x + alpha eps)||_F
(their Eq. 3 has the gradient that this difference stands for), overflows in deep
networks, so batch norm is put back and its scaling is added to the logarithm:
Zen = log Delta + sum over batch norms of log sqrt(mean over channels of sigma^2).
"""

from __future__ import annotations

import torch

from engine.blocks import Layer
from engine.scorers.base import Stop
from engine.scorers.proxies.base import Proxy
from engine.scorers.proxies.network import Weights, convolve, pooled, run
from engine.structure import Structure

#: alpha of Algorithm 1
ALPHA = 0.01
#: what batch norm adds to variances
EPSILON = 1e-5


class ZenScore(Proxy):
    """Residual links are removed (Algorithm 1, line 1), weights and images are N(0, 1).

    f is the last feature map before pooling, behind its ReLU. Each of the two
    minibatches is normalised by its own statistics, as two passes in training mode
    would; sigma^2 is that of the unperturbed one.
    """

    method = "zen-score"
    copies = 2

    def number_format(self, fastest: torch.dtype) -> torch.dtype:
        """float32: the difference is a hundredth of the maps, which 16 bits round away."""
        return torch.float32

    def measure(
        self, structure: Structure, images: torch.Tensor, weights: Weights, cancelled: Stop
    ) -> torch.Tensor:
        x = images.clone(memory_format=torch.channels_last)
        x[self.count :].mul_(ALPHA).add_(x[: self.count])
        network = _Network(weights, self.count)
        features = run(structure, network, x, shortcuts=False, cancelled=cancelled)
        difference = features[self.count :] - features[: self.count]
        delta: torch.Tensor = torch.linalg.vector_norm(difference, dim=(1, 2, 3)).mean()
        sigmas = torch.stack(network.mean_variances).double().log().sum() / 2
        return delta.double().log() + sigmas


class _Network:
    """Both minibatches as one, [x, x + alpha eps], normalised separately."""

    def __init__(self, weights: Weights, count: int):
        self.mean_variances: list[torch.Tensor] = []
        self._weights = weights
        self._count = count

    def convolution(self, x: torch.Tensor, layer: Layer) -> torch.Tensor:
        h = convolve(x, self._weights.normals(layer), layer)
        inverses = []
        for half in (slice(self._count), slice(self._count, None)):
            mean, deviation = h.new_empty(h.shape[1]), h.new_empty(h.shape[1])
            torch.native_batch_norm(
                h[half], None, None, None, None, True, 0.0, EPSILON,
                out=(h[half], mean, deviation),
            )  # fmt: skip
            inverses.append(deviation)
        self.mean_variances.append((inverses[0].pow(-2) - EPSILON).mean())
        return h

    def pool(self, x: torch.Tensor, layer: Layer) -> torch.Tensor:
        return pooled(x, layer)

    def relu(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu_(x)

    def add(self, x: torch.Tensor, around: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError("Zen-Score has no residual links")
