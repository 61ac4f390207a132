"""GraSP: Wang et al., "Picking Winning Tickets Before Training by Preserving Gradient Flow",
ICLR 2020.

A weight's score is -theta (H g), H the Hessian of the loss and g its gradient (their Eq. 8);
as a score of a whole network it is summed over all weights (Abdelfattah et al. 2021, Eq. 1).

The sum needs no second derivative here. H theta is the derivative of the gradient at
(1 + t) theta by t. Batch norm takes t away from every convolution, so that all it does is to
multiply the logits z: H theta = J^T e', J the derivative of the logits by all weights and
e' = p (z - <p, z>) / n that of the error (p - y) / n by t. With g = J^T e the sum is
-<J^T e, J^T e'>: two ways back through the network as it stands.
"""

from __future__ import annotations

import torch

from engine.scorers.proxies.gradients import GradientProxy, Passed


class Grasp(GradientProxy):
    """Of either sign. Exact up to what batch norm adds to variances, a 100,000th of them."""

    method = "grasp"
    gradients = 1

    def gauge(self, passed: Passed) -> torch.Tensor:
        kept: dict[int, torch.Tensor] = {}
        products: list[torch.Tensor] = []

        def keep(number: int, weights: torch.Tensor, gradient: torch.Tensor) -> None:
            kept[number] = gradient

        def multiply(number: int, weights: torch.Tensor, gradient: torch.Tensor) -> None:
            products.append((kept.pop(number) * gradient).sum(dtype=torch.float64))

        errors = passed.errors
        likely = passed.logits.softmax(dim=1)
        mean = (likely * passed.logits).sum(dim=1, keepdim=True)
        changes = likely * (passed.logits - mean) / len(errors)
        passed.back(errors, keep, again=True)
        passed.back(changes, multiply)
        by_head = (errors.t() @ passed.features) * (changes.t() @ passed.features)
        products.append(by_head.sum(dtype=torch.float64))
        return -torch.stack(products).sum()
