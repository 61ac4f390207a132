"""Jacobian covariance: Mellor et al., "Neural Architecture Search without Training", the first
version of 2020 (arXiv:2006.04647v1), Section 3.

Each image has the gradient of the network's outputs by its pixels. Of the correlations of
these gradients between images, with eigenvalues sigma, the score is
-sum(log(sigma + k) + 1 / (sigma + k)): high where images are treated unlike.
"""

from __future__ import annotations

import torch

from engine.scorers.proxies.gradients import GradientProxy, Passed

#: k of their score
K = 1e-5


class Jacov(GradientProxy):
    """The outputs are summed over classes and over the minibatch, which batch norm couples."""

    method = "jacov"

    def gauge(self, passed: Passed) -> torch.Tensor:
        rows = passed.back(torch.ones_like(passed.logits)).flatten(1).double()
        return torch.corrcoef(rows).reshape(len(rows), len(rows))

    def value(self, measured: torch.Tensor) -> float:
        sigma = torch.linalg.eigvalsh(measured.cpu()).clamp(min=0) + K
        return -float((sigma.log() + 1 / sigma).sum())
