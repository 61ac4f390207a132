"""What a search can reach from its initial structure: rows of blocks, and what each may be.

A layout is how many blocks there are, and where; a skeleton is a layout with the kind,
kernel, expansion and depth of each block chosen, so that only widths are left open. Coarse
mutation divides blocks deeper than `split_above`, and takes none away (Appendix A), so a
space has more than one layout where its stages may be deeper than that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations_with_replacement, product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.blocks import KINDS
from engine.costs import block_cost
from engine.search.rules import Widths as WidthRules
from engine.search.widths import bottlenecks, outputs_with_bottleneck
from engine.settings import Preset, Space
from engine.structure import LEVELS, Block, Structure, stage_bounds

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Slot(NamedTuple):
    """A block of a layout.

    stage: from 0. ends: it is the last one of its stage. choices: what it may be, its
    widths aside. repeats: its depth counts towards the stage's limit.
    """

    stage: int
    ends: bool
    choices: tuple[Block, ...]
    repeats: bool


Layout = tuple[Slot, ...]


#: blocks that are added to a stage at most; beyond them there are too many skeletons anyway
MOST_ADDED = 8


def layouts(preset: Preset) -> Iterator[Layout]:
    """The layouts of a preset's space, those of fewest blocks first, with at most MOST_ADDED
    more in a stage than the initial structure has."""
    space, blocks = preset.space, preset.initial.blocks
    stages = []
    for (start, end), limit in zip(stage_bounds(blocks), space.stage_depths, strict=True):
        stages.append(_rows(blocks[start:end], limit, space))
    rows = sorted(product(*stages), key=lambda chosen: sum(map(len, chosen)))
    for chosen in rows:
        yield tuple(
            Slot(
                stage,
                place == len(row) - 1,
                tuple(_choices(template, space)),
                "depth" in KINDS[template.kind].fields,
            )
            for stage, row in enumerate(chosen)
            for place, template in enumerate(row)
        )


def layout_of(structure: Structure) -> Layout:
    """The structure's skeleton, as a layout whose slots have one choice."""
    blocks, slots = structure.blocks, []
    for stage, (start, end) in enumerate(stage_bounds(blocks)):
        for place in range(start, end):
            block = blocks[place]._replace(in_channels=0, out_channels=0, bottleneck=0)
            repeats = "depth" in KINDS[block.kind].fields
            slots.append(Slot(stage, place == end - 1, (block,), repeats))
    return tuple(slots)


def outside(preset: Preset) -> str | None:
    """Which block of the initial structure is outside the space, in a phrase; None if none
    is. The validation of a preset's file says more."""
    space, step = preset.space, preset.space.width_step
    blocks = preset.initial.blocks
    for number, block in enumerate(blocks, 1):
        like = block._replace(in_channels=0, out_channels=0, bottleneck=0, se=0)
        widths = [block.out_channels] * ("out_channels" in KINDS[block.kind].mutable)
        inside = "bottleneck" in KINDS[block.kind].fields
        limits = bottlenecks(space, block.out_channels) or (1, 0)
        fits = not inside or limits[0] <= block.bottleneck <= limits[1]
        widths += [block.bottleneck] * inside
        fits &= all(width % step == 0 and width <= space.max_width for width in widths)
        if not fits or like not in [one._replace(se=0) for one in _choices(block, space)]:
            return f"block {number} ({block.kind})"
    if (broken := WidthRules(space).broken(blocks)) is not None:
        return f"block {broken[1] + 1} ({blocks[broken[1]].kind})"
    for (start, end), limit, level in zip(stage_bounds(blocks), space.stage_depths, LEVELS):
        stage = (block for block in blocks[start:end] if "depth" in KINDS[block.kind].fields)
        if sum(block.depth for block in stage) > limit:
            return f"stage {level}"
    return None


def _rows(templates: tuple[Block, ...], limit: int, space: Space) -> list[list[Block]]:
    """The rows of blocks that a stage may have: each of those of the initial structure,
    followed by as many as it can have been divided into.

    """
    dividing = [i for i, block in enumerate(templates) if _dividing(block, space)]
    repeating = sum("depth" in KINDS[block.kind].fields for block in templates)
    rows = [list(templates)]
    more = 1
    while dividing and more <= MOST_ADDED and _can_add(more, repeating, limit, space):
        for places in combinations_with_replacement(dividing, more):
            row = []
            for i, block in enumerate(templates):
                row += [block, *[block._replace(stride=1)] * places.count(i)]
            if row not in rows:
                rows.append(row)
        more += 1
    return rows


def _can_add(more: int, repeating: int, limit: int, space: Space) -> bool:
    """Whether a stage of so many blocks with a depth can be divided into `more` besides: the
    last to be divided is one deeper than it may be, the others as shallow as they can."""
    return space.split_above + 1 + repeating - 1 + more - 1 <= limit


def beyond(preset: Preset) -> bool:
    """Whether a space has more layouts than `layouts` gives."""
    space, blocks = preset.space, preset.initial.blocks
    for (start, end), limit in zip(stage_bounds(blocks), space.stage_depths, strict=True):
        stage = blocks[start:end]
        repeating = sum("depth" in KINDS[block.kind].fields for block in stage)
        if any(_dividing(block, space) for block in stage) and _can_add(
            MOST_ADDED + 1, repeating, limit, space
        ):
            return True
    return False


def _dividing(block: Block, space: Space) -> bool:
    kinds = space.blocks if block.kind in space.blocks else (block.kind,)
    return any("depth" in KINDS[kind].mutable for kind in kinds)


def _choices(template: Block, space: Space) -> Iterator[Block]:
    """Every block in the place of one of the initial structure, of widths that do not count."""
    kinds = space.blocks if template.kind in space.blocks else (template.kind,)
    for name in kinds:
        kind = KINDS[name]
        # one that has been of another kind has lost its squeeze-and-excitation: as high a
        # score at less cost
        block = template._replace(se=0 if len(kinds) > 1 else template.se)
        if name != template.kind:
            block = kind.adopt(block)
        kernels = space.kernels if "kernel" in kind.mutable else (block.kernel,)
        expansions = space.expansions if "expansion" in kind.mutable else (block.expansion,)
        depths = range(1, space.split_above + 1) if "depth" in kind.mutable else (block.depth,)
        for kernel, expansion, depth in product(sorted(kernels), sorted(expansions), depths):
            yield block._replace(
                in_channels=0, out_channels=0, bottleneck=0,
                kernel=kernel, expansion=expansion, depth=depth,
            )  # fmt: skip


def layers_of(block: Block) -> int:
    """Layers of a block, whatever its widths."""
    kind = KINDS[block.kind]
    inside = 1 if "bottleneck" in kind.fields else 0
    return block_cost(
        block._replace(in_channels=1, out_channels=1, bottleneck=inside), (1, 1)
    ).layers


def count_of(layout: Layout, depths: tuple[int, ...], most: int | None) -> int:
    """How many skeletons a layout has within the stages' depths and a budget of layers."""
    found: Counter[tuple[int, int]] = Counter({(0, 0): 1})
    for slot in layout:
        steps = Counter((block.depth * slot.repeats, layers_of(block)) for block in slot.choices)
        after: Counter[tuple[int, int]] = Counter()
        for ((deep, layers), ways), ((more, cost), times) in product(found.items(), steps.items()):
            shallow = deep + more <= depths[slot.stage] or not slot.repeats
            if shallow and (most is None or layers + cost <= most):
                after[0 if slot.ends else deep + more, layers + cost] += ways * times
        found = after
    return sum(found.values())


class Widths(NamedTuple):
    """The variables of a layout, in the order in which the image meets them.

    into, out, inside: of each slot, the place of its widths; -1 into is the image's
    channels, -1 inside none. size: how many there are. ends: the variable of each
    stage's output, -1 where nothing can change it.
    """

    into: tuple[int, ...]
    out: tuple[int, ...]
    inside: tuple[int, ...]
    size: int
    ends: tuple[int, ...]


def widths_of(layout: Layout) -> Widths:
    """The variables of a layout. A pooling passes on the width that it is given."""
    into, out, inside, ends = [], [], [], []
    count, width = 0, -1
    for slot in layout:
        into.append(width)
        kinds = [KINDS[block.kind] for block in slot.choices]
        if any("bottleneck" in kind.fields for kind in kinds):
            inside.append(count)
            count += 1
        else:
            inside.append(-1)
        if any("out_channels" in kind.mutable for kind in kinds):
            width = count
            count += 1
        out.append(width)
        if slot.ends:
            ends.append(width)
    return Widths(tuple(into), tuple(out), tuple(inside), count, tuple(ends))


class Limits(NamedTuple):
    """Of widths in steps: every output beside which a bottleneck is allowed, and the least
    and the largest bottleneck beside each. All three rise."""

    outs: Ints
    least: Ints
    most: Ints


def limits_of(space: Space) -> Limits | None:
    """The bottlenecks that a space allows beside each output; None where any will do."""
    if space.bottleneck_ratio == (0.0, float("inf")):
        return None
    step = space.width_step
    found = [(out, bottlenecks(space, out)) for out in outputs_with_bottleneck(space)]
    rows = [(out // step, limit[0] // step, limit[1] // step) for out, limit in found if limit]
    outs, least, most = np.array(rows, np.int64).reshape(-1, 3).T
    return Limits(outs, least, most)


def structure_of(blocks: list[Block], layout: Layout, widths: list[int], first: int) -> Structure:
    """The structure of a skeleton with these widths, in channels. first: the image's."""
    places = widths_of(layout)
    found = []
    for slot, block in enumerate(blocks):
        into, out, inside = places.into[slot], places.out[slot], places.inside[slot]
        found.append(
            block._replace(
                in_channels=first if into < 0 else widths[into],
                out_channels=first if out < 0 else widths[out],
                bottleneck=widths[inside] if "bottleneck" in KINDS[block.kind].fields else 0,
            )
        )
    return Structure(tuple(found))
