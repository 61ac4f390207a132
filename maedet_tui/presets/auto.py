"""What a preset's numbers follow from where it says `auto`, or where a new one is written.

The rules are the paper's own where it has one, and otherwise go through its structures.
"""

from __future__ import annotations

from math import sqrt

from engine.costs import PAPER_IMAGE_SIZE

#: bottlenecks of C2 at most, in the authors' limits
DEEPEST_C2 = 3
#: MAE-DET-M: FLOPs, layers and widest stage
M_FLOPS, M_LAYERS, M_WIDTH = 91e9, 91, 2048
#: MobileNetV2-1.0 at 1280x800: FLOPs and layers
MOBILE_FLOPS, MOBILE_LAYERS = 6.4e9, 52
#: layers grow with this power of FLOPs: through the authors' limits 79, 91 and 109 of S, M
#: and L at 49, 91 and 153 GFLOPs
POWER = 0.28


def at_paper_size(flops: float, image_size: tuple[int, int]) -> float:
    """FLOPs that a backbone has at the paper's image size, where it has `flops` at another."""
    area = image_size[0] * image_size[1]
    return flops * PAPER_IMAGE_SIZE[0] * PAPER_IMAGE_SIZE[1] / area


def stage_depths(layers: int) -> tuple[int, ...]:
    """The authors' limits: no stage deeper than layers // 9, C2 at most 3, C1 the stem."""
    most = max(1, layers // 9)
    return (1, min(DEEPEST_C2, most), most, most, most)


def max_width(flops: float, layers: int | None, image_size: tuple[int, int], step: int) -> int:
    """The widest stage: FLOPs of a network go with layers and width squared, so that M's 2048
    scale with the root of FLOPs per layer. L's 2400 come out as 2424."""
    at = at_paper_size(flops, image_size)
    deep = layers or layers_for(at, PAPER_IMAGE_SIZE, mobile=False)
    wide = M_WIDTH * sqrt(at / deep / (M_FLOPS / M_LAYERS))
    return max(8 * step, round(wide / step) * step)


def layers_for(flops: float, image_size: tuple[int, int], mobile: bool) -> int:
    """Layers of a network of these FLOPs, 1 and a multiple of 3: a stem and bottlenecks."""
    at = at_paper_size(flops, image_size)
    base, layers = (MOBILE_FLOPS, MOBILE_LAYERS) if mobile else (M_FLOPS, M_LAYERS)
    wished = layers * float(at / base) ** POWER
    units: int = max(8, min(100, round((wished - 1) / 3)))
    return 1 + 3 * units
