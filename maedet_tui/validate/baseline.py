"""What anybody would train at a budget: ResNet-50's or MobileNetV2's proportions, made narrower.

Depths are the published ones, cut in proportion where the preset allows fewer layers; widths
are the published ones times a factor, the largest within FLOPs and params.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.costs import total_cost
from engine.search.evolution import exceeded
from engine.settings import Preset
from engine.structure import IMAGE_CHANNELS, Block, Structure

#: widths are multiples of it: the proportions of a small network need a finer step than 8
STEP = 4
#: ResNet-50 (He et al. 2016): depths, and widths inside the bottlenecks
_RESNET = ((3, 64, 2), (4, 128, 2), (6, 256, 2), (3, 512, 2))
#: MobileNetV2 (Sandler et al. 2018), Table 2: expansion, width, depth, stride
_MOBILE = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip
#: shares of the published depths, the first that fits being taken; 0 leaves one a stage
_SHARES = (1.0, 0.8, 0.65, 0.5, 0.35, 0.2, 0.0)
#: halvings of the interval that the factor of the widths is looked for in
_HALVINGS = 30


def baseline(preset: Preset) -> tuple[str, Structure] | None:
    """The baseline's name and structure; None where none of its like fits the budget."""
    mobile = "InvertedBlock" in preset.space.blocks
    make, name = (_mobile, "MobileNetV2-like") if mobile else (_resnet, "ResNet-like")
    for share in _SHARES:
        found = _widest(partial(make, share), preset)
        if found is not None:
            return name, found
    return None


def _widest(of_factor: Callable[[float], Structure], preset: Preset) -> Structure | None:
    """The widest structure of some depth within the budget."""
    low, high, best = 0.0, 4.0, None
    for _ in range(_HALVINGS):
        factor = (low + high) / 2
        structure = of_factor(factor)
        if exceeded(total_cost(structure, preset.budget.image_size), preset.budget) is None:
            low, best = factor, structure
        else:
            high = factor
    return best


def _width(published: float, factor: float) -> int:
    return max(STEP, round(published * factor / STEP) * STEP)


def _depth(published: int, share: float) -> int:
    return max(1, round(published * share))


def _resnet(share: float, factor: float) -> Structure:
    width = _width(64, factor)
    blocks = [Block("Conv", 7, IMAGE_CHANNELS, width, 2), Block("MaxPool", 3, width, width, 2)]
    for number, (depth, inside, _) in enumerate(_RESNET):
        out = _width(4 * inside, factor)
        blocks.append(Block("ResBlock", 3, width, out, 2 if number else 1, _width(inside, factor),
                            _depth(depth, share)))  # fmt: skip
        width = out
    return Structure(tuple(blocks))


def _mobile(share: float, factor: float) -> Structure:
    width = _width(32, factor)
    blocks = [Block("Conv", 3, IMAGE_CHANNELS, width, 2)]
    for expansion, published, depth, stride in _MOBILE:
        out = _width(published, factor)
        blocks.append(Block("InvertedBlock", 3, width, out, stride, depth=_depth(depth, share),
                            expansion=expansion))  # fmt: skip
        width = out
    return Structure(tuple(blocks))
