"""The head of FCOS (Tian et al. 2019): one and the same small network on each level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

#: what a point starts from believing in, so that the many empty ones do not drown the rest
PRIOR = 0.01
#: largest exponent of a distance; e^8 strides reach across any image
_LARGEST = 8.0


class Raw(NamedTuple):
    """What the head says of the points of all levels, P of them, level by level.

    logits (batch, P, classes); distances (batch, P, 4), left, up, right, down, in pixels;
    centreness (batch, P), as logits.
    """

    logits: Tensor
    distances: Tensor
    centreness: Tensor


class FCOSHead(nn.Module):
    """Two towers of `depth` convolutions with group norm, and three predictions."""

    def __init__(self, channels: int, classes: int, depth: int, strides: Sequence[int]):
        super().__init__()
        self.strides = tuple(strides)
        self.class_tower = _tower(channels, depth)
        self.box_tower = _tower(channels, depth)
        self.classes = nn.Conv2d(channels, classes, 3, padding=1)
        self.boxes = nn.Conv2d(channels, 4, 3, padding=1)
        self.centreness = nn.Conv2d(channels, 1, 3, padding=1)
        self.scales = nn.Parameter(torch.ones(len(self.strides)))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.01)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        assert self.classes.bias is not None
        nn.init.constant_(self.classes.bias, math.log(PRIOR / (1 - PRIOR)))

    def forward(self, levels: Sequence[Tensor]) -> Raw:
        parts = []
        for number, x in enumerate(levels):
            seen, placed = self.class_tower(x), self.box_tower(x)
            exponent = self.scales[number] * self.boxes(placed).float()
            distances = exponent.clamp(max=_LARGEST).exp() * self.strides[number]
            parts.append(
                (
                    _by_point(self.classes(seen)),
                    _by_point(distances),
                    _by_point(self.centreness(placed))[..., 0],
                )
            )
        return Raw(*(torch.cat(values, dim=1).float() for values in zip(*parts, strict=True)))


def _tower(channels: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.GroupNorm(math.gcd(32, channels // 2), channels),  # P7 may be a single point
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


def _by_point(x: Tensor) -> Tensor:
    """(batch, channels, height, width) as (batch, height * width, channels)."""
    return x.flatten(2).transpose(1, 2)
