"""NASWOT: Mellor et al., "Neural Architecture Search without Training", ICML 2021, Section 3.

Each ReLU of the untrained network is on or off for an image; all of them are the image's
binary code. K_H holds, for each two images of a minibatch, the number of ReLUs less the
Hamming distance of their codes (Eq. 1), and the score is log |K_H| (Eq. 2): high where
images fall into different linear regions.
"""

from __future__ import annotations

import torch

from engine.blocks import Layer
from engine.scorers.base import Stop
from engine.scorers.proxies.base import Proxy
from engine.scorers.proxies.network import Weights, convolve, pooled, run
from engine.structure import Structure

#: codes multiplied at a time: float32 counts exactly up to here
MOST_CODES = 1 << 24


class Naswot(Proxy):
    """The network as it is trained: shortcuts, and batch norm over the minibatch.

    Batch norm takes away whatever scale weights are drawn with. The paper's minibatch
    is of 128 training images; ours is of `forward.batch` images of noise.
    """

    method = "naswot"

    def measure(
        self, structure: Structure, images: torch.Tensor, weights: Weights, cancelled: Stop
    ) -> torch.Tensor:
        network = _Network(weights, images.shape[0])
        run(structure, network, images, shortcuts=True, cancelled=cancelled)
        return network.kernel()

    def value(self, measured: torch.Tensor) -> float:
        return float(torch.linalg.slogdet(measured.cpu().double()).logabsdet)


class _Network:
    def __init__(self, weights: Weights, count: int):
        self._weights = weights
        self._both_on: list[torch.Tensor] = []
        self._units = 0
        self._count = count

    def kernel(self) -> torch.Tensor:
        """K_H: units on in both images, plus units off in both."""
        both_on = torch.stack(self._both_on).double().sum(0)
        on = both_on.diagonal()
        return 2 * both_on - on[:, None] - on[None, :] + self._units

    def convolution(self, x: torch.Tensor, layer: Layer) -> torch.Tensor:
        h = convolve(x, self._weights.normals(layer), layer)
        return torch.batch_norm(h, None, None, None, None, True, 0.0, 1e-5, False)

    def pool(self, x: torch.Tensor, layer: Layer) -> torch.Tensor:
        return pooled(x, layer)

    def relu(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu_(x)
        codes = x.permute(0, 2, 3, 1).reshape(self._count, -1).sign().float()
        self._units += codes.shape[1]
        for part in codes.split(MOST_CODES, dim=1):
            self._both_on.append(part @ part.T)
        return x

    def add(self, x: torch.Tensor, around: torch.Tensor) -> torch.Tensor:
        return x.add_(around)
