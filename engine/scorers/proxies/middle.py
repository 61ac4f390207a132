"""Maps of an image of ones, without most of their middle: what is alike is computed once.

Padding with zeros is all that tells one place of such an image from another, so behind a
layer the rows that differ are those whose windows reached, through all layers before,
beyond the border; further inside each row is like its neighbours, and so is each column.
A map is kept without most of these. That leaves every value as it is: a layer moves its
window over the shortened map as over the whole, as long as no window meets both borders
and strides fall on the same rows, which `before` sees to.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from engine.blocks import Layer

#: rows and columns put back beyond what a layer needs, so that not every layer asks again
SPARE = 4


class Middle(NamedTuple):
    """reach: rows from each border, true for columns as well, that may differ from the
    middle's. absent: rows of the middle, and columns, that the map is kept without."""

    reach: int = 0
    absent: int = 0


def shortened(image: torch.Tensor) -> tuple[torch.Tensor, Middle]:
    """A square image whose pixels are all alike, as a channels-last map with few of them."""
    absent = max(0, image.shape[2] - 32) // 32 * 32
    kept = image.shape[2] - absent
    few = image[:, :, :kept, :kept].contiguous(memory_format=torch.channels_last)
    return few, Middle(0, absent)


def before(maps: torch.Tensor, middle: Middle, layer: Layer) -> tuple[torch.Tensor, Middle]:
    """The maps with as much of their middle as the layer needs, and the middle behind it."""
    kernel, stride = layer.kernel, layer.stride
    padding = 0 if layer.op == "avgpool" else kernel // 2
    side = maps.shape[2] + middle.absent
    # rows of the output whose windows keep to the middle: from `first` to `last`
    first = -(-(middle.reach + padding) // stride)
    last = (side - middle.reach - kernel + padding) // stride
    reach = max(first, -(-side // stride) - 1 - last)
    needed = max(2 * middle.reach + kernel - 1, 2 * reach * stride + 1)
    absent = middle.absent
    if absent and (maps.shape[2] < needed or absent % stride):
        absent = min(absent, max(0, side - needed - SPARE)) // stride * stride
        maps = with_absent(maps, middle, absent)
    return maps, Middle(reach, absent // stride)


def with_absent(maps: torch.Tensor, middle: Middle, absent: int) -> torch.Tensor:
    """The maps without `absent` rows of their middle, no more than before; 0: the whole."""
    more = middle.absent - absent
    if not more:
        return maps
    kept, row = maps.shape[2], middle.reach  # the first row of the middle stands for all
    index = torch.arange(kept + more, device=maps.device)
    index = torch.where(index < row + more, index.clamp(max=row), index - more)
    rows = maps.permute(0, 2, 3, 1)
    return rows[:, index[:, None], index].permute(0, 3, 1, 2)
