"""How large what is built on a backbone is: pyramid, heads and images in proportion to it."""

from __future__ import annotations

from math import isqrt
from typing import NamedTuple

from engine.costs import total_cost
from engine.structure import Structure

#: the paper narrows pyramid and heads for MAE-DET-S, whose backbone takes 48.7 GFLOPs
_NARROW_UP_TO = 50_000_000_000
#: FLOPs at 1280x800 up to which a backbone is one for mobile devices (Appendix B), which look at
#: images of 320x320, a tenth of that; MobileNetV2-1.0 takes 6.5 GFLOPs, ResNet-18 some 38
_MOBILE_UP_TO = 10_000_000_000
#: 3x3 convolutions of a pyramid and of a head with two towers of two
_CONVOLUTIONS = 9


class Proportion(NamedTuple):
    """channels: of pyramid and heads. depth: convolutions of each tower of a head. mobile:
    whether images are 320x320, as in Appendix B, in place of 1333x800."""

    channels: int
    depth: int
    mobile: bool


def proportion(structure: Structure) -> Proportion:
    """256 channels as the paper has them, 192 for backbones as small as MAE-DET-S.

    For mobile backbones, so many that pyramid and head take about as many parameters as the
    backbone: 64, 96 or 128, of which group norm's 32 groups have two or more each.
    """
    cost = total_cost(structure)
    if cost.flops > _MOBILE_UP_TO:
        return Proportion(192 if cost.flops <= _NARROW_UP_TO else 256, 4, False)
    even = isqrt(cost.params // (9 * _CONVOLUTIONS))
    return Proportion(min(max(even // 32 * 32, 64), 128), 2, True)
