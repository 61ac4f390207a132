"""The condition number of TE-NAS: Chen et al., "Neural Architecture Search on ImageNet in Four
GPU Hours: A Theoretically Inspired Perspective", ICLR 2021, Section 3.1.

The neural tangent kernel holds, for each two images, the product of the gradients of their
outputs by all weights. How well a network can be trained falls with kappa, the ratio of its
largest to its smallest eigenvalue. TE-NAS takes a network of small kappa for the better one,
so the score is -log kappa.
"""

from __future__ import annotations

from math import log, nan

import torch

from engine.scorers.proxies.gradients import GradientProxy, Passed, layers
from engine.structure import Structure


class NtkCondition(GradientProxy):
    """An output is the sum of its classes' logits, as in the authors' code.

    One way back for each image. All of their gradients are held for as many layers as fit
    in a quarter of the memory, and the ways are gone again for the next of these groups.
    """

    method = "ntk-condition"

    def pass_bytes(self, structure: Structure) -> int:
        largest = max(sum(numbers.values()) for numbers in self._groups(structure))
        return super().pass_bytes(structure) + self.count * largest * self.dtype.itemsize

    def gauge(self, passed: Passed) -> torch.Tensor:
        features = passed.features
        # the gradient by the weights of each class is the image's features
        kernel = len(passed.head) * (features @ features.t()).double()
        groups = self._groups(passed.structure)
        for group in groups:
            again = group is not groups[-1]
            for gradients in self._gradients(passed, tuple(group), again):
                kernel += (gradients @ gradients.t()).double()
        return kernel

    def value(self, measured: torch.Tensor) -> float:
        eigenvalues = torch.linalg.eigvalsh(measured.cpu()).tolist()
        least, most = eigenvalues[0], eigenvalues[-1]
        return -log(most / least) if least > 0 else nan

    def _gradients(self, passed: Passed, group: tuple[int, ...], again: bool) -> list[torch.Tensor]:
        """For each layer of a group, the gradients of all images' outputs, one a row."""
        rows: dict[int, list[torch.Tensor]] = {number: [] for number in group}

        def take(number: int, weights: torch.Tensor, gradient: torch.Tensor) -> None:
            if number in rows:
                rows[number].append(gradient.flatten())

        for image in range(self.count):
            cotangents = torch.zeros_like(passed.logits)
            cotangents[image] = 1
            passed.back(cotangents, take, again=again or image < self.count - 1)
        return [torch.stack(one) for one in rows.values()]

    def _groups(self, structure: Structure) -> list[dict[int, int]]:
        """Layers by their numbers, with how many weights each has."""
        most = self.forward.memory // (4 * self.count * self.dtype.itemsize)
        groups: list[dict[int, int]] = [{}]
        for number, layer in enumerate(layers(structure)):
            if groups[-1] and sum(groups[-1].values()) + layer.weights > most:
                groups.append({})
            groups[-1][number] = layer.weights
        return groups
