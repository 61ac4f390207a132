"""Rules that a preset may add to the paper's budgets and space, in one place.

Widths that never fall, the authors' limit on how fast they rise and ranges of widths are
local: mutation and sampling keep to them (`Widths`). Lower limits, DeepMAD's effectiveness
and the memory of the maps concern a whole structure: children that break one are refused
(`broken`). Without any of them a search is what it was, draw for draw.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, exp, floor, isinf, log

from engine.blocks import KINDS, Unit, chain, units
from engine.costs import Cost, halved
from engine.search.widths import ROUNDING
from engine.settings import Budget, Space
from engine.structure import Block, stage_bounds

#: bytes of a value of a map
VALUE = 4


class Widths:
    """What the space's rules leave of the output width of a block.

    ruled: whether there is a rule beyond `width_step` and `max_width`.
    """

    def __init__(self, space: Space):
        self._space = space
        self._linked = space.monotone_widths or not isinf(space.max_expansion)
        self.ruled = self._linked or bool(space.widths)

    def of_stage(self, stage: int) -> tuple[int, int]:
        """Least and largest output width in a stage from 0, multiples of the step."""
        space = self._space
        step, most = space.width_step, space.max_width
        if not space.widths:
            return step, most
        low, high = space.widths[stage]
        return max(step, -(-low // step) * step), min(most, high // step * step)

    def behind(self, before: int) -> tuple[int, int]:
        """Least and largest output of a block whose input has `before` channels."""
        space = self._space
        step = space.width_step
        least = -(-before // step) * step if space.monotone_widths else step
        if isinf(space.max_expansion):
            return least, space.max_width
        most = floor(space.max_expansion * before / step + ROUNDING) * step
        return least, min(space.max_width, most)

    def before(self, behind: int) -> tuple[int, int]:
        """Least and largest input of a block whose output has `behind` channels."""
        space = self._space
        step = space.width_step
        least = step
        if not isinf(space.max_expansion):
            least = max(step, ceil(behind / space.max_expansion / step - ROUNDING) * step)
        most = behind // step * step if space.monotone_widths else space.max_width
        return least, most

    def room(self, blocks: tuple[Block, ...], index: int) -> tuple[int, int]:
        """Least and largest width that the output of a block can have between its neighbours;
        the least may be above the largest."""
        stage = sum(block.stride == 2 for block in blocks[: index + 1]) - 1
        least, most = self.of_stage(stage)
        if not self._linked:
            return least, most
        if index and not _first(blocks, index):
            low, high = self.behind(blocks[index].in_channels)
            least, most = max(least, low), min(most, high)
        for later in blocks[index + 1 :]:
            if "out_channels" in KINDS[later.kind].mutable:
                low, high = self.before(later.out_channels)
                return max(least, low), min(most, high)
        return least, most

    def broken(self, blocks: tuple[Block, ...]) -> tuple[str, int] | None:
        """The first rule that a structure breaks, by its key, and the block that does."""
        space = self._space
        if not self.ruled:
            return None
        for stage, (start, end) in enumerate(stage_bounds(blocks)):
            least, most = space.widths[stage] if space.widths else (0, space.max_width)
            for index in range(start, end):
                block = blocks[index]
                if not least <= block.out_channels <= most:
                    return "widths", index
                if not index or _first(blocks, index):
                    continue
                if space.monotone_widths and block.out_channels < block.in_channels:
                    return "monotone_widths", index
                if block.out_channels > space.max_expansion * block.in_channels + ROUNDING:
                    return "max_expansion", index
        return None


def _first(blocks: tuple[Block, ...], index: int) -> bool:
    """Whether a block's input is the image, poolings of which have no width of their own."""
    return not any("out_channels" in KINDS[block.kind].mutable for block in blocks[:index])


class Rules:
    """All rules of a preset; `any` is false where there is none."""

    def __init__(self, space: Space, budget: Budget):
        self._widths, self._budget = Widths(space), budget
        whole = (budget.flops_min, budget.params_min, budget.effectiveness, budget.memory)
        self.any = self._widths.ruled or any(limit is not None for limit in whole)

    def broken(self, blocks: tuple[Block, ...], cost: Cost) -> str | None:
        """The key of the first rule that a structure of this cost breaks, None if none."""
        if not self.any:
            return None
        budget = self._budget
        if (place := self._widths.broken(blocks)) is not None:
            return place[0]
        if budget.flops_min is not None and cost.flops < budget.flops_min:
            return "flops_min"
        if budget.params_min is not None and cost.params < budget.params_min:
            return "params_min"
        if budget.effectiveness is not None and too_deep(blocks, cost.layers, budget.effectiveness):
            return "effectiveness"
        if budget.memory is not None and map_memory(blocks, budget.image_size) > budget.memory:
            return "memory"
        return None


@lru_cache(maxsize=1 << 13)
def log_widths(block: Block) -> tuple[float, int]:
    """(sum of the logarithms of the widths, how many) of a block's convolutions. A width is
    DeepMAD's, input channels times kernel area over groups."""
    found = [log(layer.fan_in) for layer in chain(block) if layer.op == "conv"]
    return sum(found), len(found)


def effectiveness(blocks: tuple[Block, ...]) -> float:
    """DeepMAD's rho: layers over the geometric mean of their widths (Shen et al., CVPR 2023).

    A network of a large one is too deep for its width to be trained well.
    """
    total, layers = 0.0, 0
    for block in blocks:
        more, count = log_widths(block)
        total, layers = total + more, layers + count
    return layers / exp(total / layers)


def too_deep(blocks: tuple[Block, ...], layers: int, most: float) -> bool:
    """Whether the effectiveness is above a limit, beyond rounding."""
    total = sum(log_widths(block)[0] for block in blocks)
    return total < layers * log(layers / most) - ROUNDING * layers


@lru_cache(maxsize=1 << 13)
def block_memory(block: Block, size: tuple[int, int]) -> int:
    """Most values that are held at once while a block runs on an input of `size`: input and
    output of a layer, and beside them what waits for a residual link or a concatenation."""
    largest = 0
    for unit, _ in units(block):
        most, size = _held(unit, size)
        largest = max(largest, most)
    return largest


def _held(unit: Unit, size: tuple[int, int]) -> tuple[int, tuple[int, int]]:
    """(most values that are held at once in a unit, size behind it)."""
    given = unit.in_channels * size[0] * size[1]
    largest = 0
    for number, part in enumerate(unit.main):
        # the unit's input as long as the main path is under way
        waiting = given if unit.shortcut is not None and number else 0
        if isinstance(part, Unit):
            now, size = _held(part, size)
        else:
            before, size = size, halved(size, part.stride)
            now = part.in_channels * before[0] * before[1]
            now += part.out_channels * size[0] * size[1]
        largest = max(largest, now + waiting)
    area = size[0] * size[1]
    out = unit.main[-1].out_channels * area
    if unit.shortcut:  # the projection: its input and output beside the main path's output
        largest = max(largest, given + out + unit.shortcut[-1].out_channels * area)
    if unit.join == "concat":  # both paths, and a map of both
        largest = max(largest, 2 * unit.out_channels * area)
    return largest, size


def map_memory(blocks: tuple[Block, ...], image_size: tuple[int, int]) -> int:
    """Bytes of the maps of one image that are held at once, at most, in single precision.

    Maps that a detector's neck keeps, C3-C5, are freed as the others are: this is what the
    backbone needs by itself.
    """
    largest, size = 0, image_size
    for block in blocks:
        largest = max(largest, block_memory(block, size))
        size = halved(size, block.stride)
    return VALUE * largest
