"""Small presets, every structure of their spaces, listed without the optimum's code, and what its
proof has to come to."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import strategies as st

from engine.blocks import KINDS
from engine.costs import total_cost
from engine.optimum.problem import NoOptimum
from engine.optimum.search import Optimum
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import exceeded
from engine.settings import Budget, Objective, Preset, Space
from engine.structure import Block, Structure

#: structures of one preset, so that a test takes a second at most
MOST = 3000


def depths_of(space: Space, stage: int) -> list[tuple[int, ...]]:
    """Depths of the blocks that the one block of a stage can have been divided into."""
    limit, most = space.stage_depths[stage], space.split_above
    found = [(depth,) for depth in range(1, min(limit, most) + 1)]
    count = 2
    while most + 1 + count - 2 <= limit:  # one too deep, the others of depth one
        found += [
            depths for depths in product(range(1, most + 1), repeat=count) if sum(depths) <= limit
        ]
        count += 1
    return found


def one_block(
    space: Space, template: Block, width: int, stride: int, depth: int
) -> Iterator[Block]:
    """Every block behind an output of `width` channels."""
    widths = range(space.width_step, space.max_width + 1, space.width_step)
    low, high = space.bottleneck_ratio
    for kind, kernel, out in product(space.blocks, space.kernels, widths):
        block = Block(kind, kernel, width, out, stride, depth=depth)
        if kind == "InvertedBlock":
            for expansion in space.expansions:
                yield block._replace(expansion=expansion, se=template.se)
        else:
            for inside in widths:
                if low <= inside / out <= high:
                    yield block._replace(bottleneck=inside)


def stage_of(space: Space, template: Block, stage: int, width: int) -> Iterator[tuple[Block, ...]]:
    """Every row of blocks of a stage that begins as the one block `template`."""
    for depths in depths_of(space, stage):
        rows: list[tuple[Block, ...]] = [()]
        for number, depth in enumerate(depths):
            rows = [
                (*row, block)
                for row in rows
                for block in one_block(
                    space, template, row[-1].out_channels if row else width,
                    1 if number else template.stride, depth,
                )
            ]  # fmt: skip
        yield from rows


def every_structure(preset: Preset) -> Iterator[Structure]:
    """Every structure of the space, whatever it costs; none where they are more than MOST."""
    space = preset.space
    stem, *templates = preset.initial.blocks
    widths = range(space.width_step, space.max_width + 1, space.width_step)
    rows: list[tuple[Block, ...]] = [(stem._replace(out_channels=width),) for width in widths]
    for stage, template in enumerate(templates, 1):
        if template.kind == "MaxPool":
            width = [row[-1].out_channels for row in rows]
            rows = [
                (*row, template._replace(in_channels=w, out_channels=w))
                for row, w in zip(rows, width)
            ]
            continue
        behind = {width: list(stage_of(space, template, stage, width)) for width in widths}
        if sum(len(behind[row[-1].out_channels]) for row in rows) > MOST:
            return
        rows = [row + more for row in rows for more in behind[row[-1].out_channels]]
    yield from map(Structure, rows)


def best_of(preset: Preset, structures: list[Structure]) -> tuple[float, Structure] | None:
    """The best Z within the budgets, and its structure."""
    scorer = ClosedForm(preset.objective)
    within = [
        one
        for one in structures
        if exceeded(total_cost(one, preset.budget.image_size), preset.budget) is None
    ]
    scored = zip((score.z for score in scorer.score(within)), within)
    return max(scored, key=lambda pair: pair[0], default=None)


@st.composite
def small_presets(draw, sizes=("nominal", "area", "log-channels"), limited=True):
    """A preset with every structure of its space: (preset, structures). The budgets are
    somewhere among what the structures cost."""
    step = draw(st.sampled_from([1, 3, 8]))
    count = draw(st.integers(1, 2))
    kinds = draw(
        st.sampled_from(
            [("ResBlock",), ("BasicBlock",), ("ResBlock", "BasicBlock"), ("InvertedBlock",),
             ("ResBlock", "InvertedBlock")]
        )
    )  # fmt: skip
    deep = draw(st.sampled_from([(1, 1, 1, 1, 1), (1, 1, 2, 1, 1), (1, 1, 1, 1, 3)]))
    ratio = draw(st.sampled_from([(0.0, float("inf")), (0.0, 1.0), (0.5, 1.0), (0.4, 2.0)]))
    space = Space(
        blocks=kinds,
        kernels=draw(st.sampled_from([(3,), (1, 5), (3, 5)])),
        expansions=draw(st.sampled_from([(1,), (1, 3)])),
        width_step=step,
        max_width=step * count,
        bottleneck_ratio=ratio,
        stage_depths=deep,
        split_above=2,
    )
    se = draw(st.sampled_from([0, 4])) if kinds == ("InvertedBlock",) else 0
    pooled = draw(st.booleans())
    blocks = [Block("Conv", 3, 3, step, 2)]
    for stage in range(4):
        if stage == 0 and pooled:
            blocks.append(Block("MaxPool", 3, step, step, 2))
            continue
        plain = Block(kinds[0], space.kernels[0], step, step, 2)
        inside = "bottleneck" in KINDS[kinds[0]].fields
        expanded = {} if inside else {"expansion": space.expansions[0], "se": se}
        blocks.append(plain._replace(bottleneck=step if inside else 0, **expanded))
    objective = Objective(
        resolution=64,
        alphas=draw(
            st.sampled_from(
                [(0, 0, 1, 1, 6), (0, 0, 0, 0, 1), (1, 0, 0, 2, 0), (1, 1, 1, 1, 1)]
            )
        ),
        size=draw(st.sampled_from(sizes)),
        activation=draw(st.sampled_from(["relu", "none"])),
    )  # fmt: skip
    preset = Preset(
        "small", Structure(tuple(blocks)), Budget(image_size=(96, 64)), objective, space
    )
    structures = list(every_structure(preset))
    one_channel = step == 1 and kinds[-1] == "InvertedBlock" and 1 in space.expansions
    if not structures or one_channel:
        return draw(small_presets(sizes, limited))
    if limited:
        limits = {}
        costs = [total_cost(one, (96, 64)) for one in structures]
        for name in draw(st.sampled_from([("flops",), ("params",), ("flops", "params", "layers")])):
            spent = sorted(getattr(cost, name) for cost in costs)
            share = draw(st.floats(0.3, 1))
            limits[name] = spent[int(share * (len(spent) - 1))]
        preset = replace(preset, budget=Budget(image_size=(96, 64), **limits))
    return preset, structures


def solved(preset) -> Optimum:
    optimum = Optimum(preset)
    while optimum.step():
        pass
    return optimum


def compare(preset, structures):
    """The optimum is the best of all structures, to the last digit, and says so."""
    found = best_of(preset, structures)
    if found is None:
        with pytest.raises(NoOptimum):
            solved(preset)
        return
    optimum = solved(preset)
    assert optimum.best.score.z == found[0]
    assert optimum.bound == found[0] and optimum.certificate.proven
    assert optimum.best.structure in structures
