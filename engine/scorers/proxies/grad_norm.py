"""GradNorm: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, Section 3.1.

The sum, over layers, of the Euclidean norm of the loss's gradient by the layer's weights,
after a single minibatch.
"""

from __future__ import annotations

import torch

from engine.scorers.proxies.gradients import GradientProxy, Passed


class GradNorm(GradientProxy):
    """Reported as its logarithm; the classifier is a layer as the others are.

    The gradient by weights behind which a batch norm stands shrinks as these grow, so that
    their scale counts: it is that of He et al.
    """

    method = "grad-norm"

    def gauge(self, passed: Passed) -> torch.Tensor:
        norms: list[torch.Tensor] = []

        def take(number: int, weights: torch.Tensor, gradient: torch.Tensor) -> None:
            norms.append(torch.linalg.vector_norm(gradient).double())

        errors = passed.errors
        passed.back(errors, take)
        norms.append(torch.linalg.vector_norm(errors.t() @ passed.features).double())
        return torch.stack(norms).sum().log()
