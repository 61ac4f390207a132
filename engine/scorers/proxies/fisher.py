"""Fisher: Turner et al., "BlockSwap: Fisher-guided Block Substitution for Network Compression
on a Budget", ICLR 2020, Section 4; the saliency is that of Theis et al., "Faster gaze
prediction with dense networks and Fisher pruning", 2018.

What the loss would gain by removing channel c, to second order, with the Fisher information
in place of the Hessian: Delta_c = 1/(2n) sum_n (sum_ij a dL_n/da)^2 of the channel's map a
behind its ReLU. The score is the sum over all channels.
"""

from __future__ import annotations

import torch

from engine.scorers.proxies.gradients import GradientProxy, Passed


class Fisher(GradientProxy):
    """Reported as its logarithm. L is summed over the images here, not averaged."""

    method = "fisher"

    def gauge(self, passed: Passed) -> torch.Tensor:
        sums: list[torch.Tensor] = []
        errors = passed.errors
        count = len(errors)

        def take(maps: torch.Tensor, gradient: torch.Tensor) -> None:
            by_channel = (maps * gradient).sum(dim=(2, 3), dtype=torch.float64)
            sums.append(by_channel.square().sum() / (2 * count))

        passed.back(count * errors, take_map=take)
        return torch.stack(sums).sum().log()
