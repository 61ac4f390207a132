"""SNIP: Lee et al., "SNIP: Single-shot Network Pruning based on Connection Sensitivity", ICLR 2019.

A connection's sensitivity is how much the loss changes with a factor at its weight,
|theta dL/dtheta| (their Eq. 4-6). They prune by it; as a score of a whole network it is
summed over all weights (Abdelfattah et al. 2021, Eq. 1), and so not divided by that sum.
"""

from __future__ import annotations

import torch

from engine.scorers.proxies.gradients import GradientProxy, Passed


class Snip(GradientProxy):
    """Reported as its logarithm; the classifier's weights count as the others do."""

    method = "snip"

    def gauge(self, passed: Passed) -> torch.Tensor:
        sums: list[torch.Tensor] = []

        def take(number: int, weights: torch.Tensor, gradient: torch.Tensor) -> None:
            sums.append((weights * gradient).abs().sum(dtype=torch.float64))

        errors = passed.errors
        passed.back(errors, take)
        take(-1, passed.head, errors.t() @ passed.features)
        return torch.stack(sums).sum().log()
