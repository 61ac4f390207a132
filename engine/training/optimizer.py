"""SGD, and what decays."""

from __future__ import annotations

from torch import nn
from torch.optim import SGD

from engine.training.settings import Settings


def optimizer(module: nn.Module, settings: Settings) -> SGD:
    """SGD with momentum; weights of convolutions decay, norms and biases if settings say so."""
    parameters = [one for one in module.parameters() if one.requires_grad]
    kernels = [one for one in parameters if one.ndim > 1]
    rest = [one for one in parameters if one.ndim <= 1]
    return SGD(
        [
            {"params": kernels, "weight_decay": settings.weight_decay},
            {"params": rest, "weight_decay": settings.weight_decay * settings.norm_decay},
        ],
        lr=settings.lr_at(0),
        momentum=settings.momentum,
        fused=True,  # one pass over the weights in place of several
    )
