"""The feature pyramid P3-P7 on C3-C5 (Lin et al. 2017, with FCOS's P6 and P7)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: strides of P3-P7
STRIDES = (8, 16, 32, 64, 128)


class FeaturePyramid(nn.Module):
    """C3-C5 to P3-P7, all of `channels`.

    Each level is its own map and, scaled up, the ones above it; P6 and P7 are strided
    convolutions on P5.
    """

    def __init__(self, in_channels: Sequence[int], channels: int):
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(width, channels, 1) for width in in_channels)
        self.smooth = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(3))
        self.p6 = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        self.p7 = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                assert module.bias is not None
                nn.init.zeros_(module.bias)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Maps (batch, channels, ceil(height / stride), ceil(width / stride)), P3 first."""
        maps = [lateral(x) for lateral, x in zip(self.lateral, features, strict=True)]
        for level in (1, 0):
            finer = maps[level].shape[-2:]
            maps[level] = maps[level] + F.interpolate(maps[level + 1], size=finer, mode="nearest")
        out = [smooth(x) for smooth, x in zip(self.smooth, maps, strict=True)]
        # in float32: on CPUs, the bfloat16 gradient of a strided convolution whose input is a
        # single point is whatever memory held (torch 2.13)
        with torch.autocast(out[-1].device.type, enabled=False):
            out.append(self.p6(out[-1].float()))
            out.append(self.p7(F.relu(out[-1])))
        return out
