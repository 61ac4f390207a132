"""What a person would not train, or would not search, in words, with the key that prevents it.

Pure functions: of a structure that a preset's search found, and of a preset's own numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.blocks import KINDS
from engine.costs import Cost, block_cost, total_cost
from engine.settings import NO_ENTROPY, Preset
from engine.structure import LEVELS, Structure
from maedet_tui.presets.auto import at_paper_size, max_width, stage_depths

if TYPE_CHECKING:
    from engine.snapshot import Bound

#: a bottleneck below this share of its output carries little
THINNEST = 1 / 32
#: of a budget that is used less, something else is in the way
USED = 0.95
#: a best so far below the optimum was searched for too briefly
FAR = 0.01
#: a limit of widths so many times what the budget pays for is no limit
LOOSE = 2.0
#: FLOPs at the paper's image size below which the nominal reading lets C5 starve
SMALL = 20e9


def of_structure(
    structure: Structure, preset: Preset, gap: float | None = None, cost: Cost | None = None
) -> list[str]:
    """Sentences on a structure that a preset's search found; empty where there is nothing to say.

    gap: how far Z is below the proven optimum at least, as a share, where that is known.
    """
    cost = cost or total_cost(structure, preset.budget.image_size)
    return [
        *_narrowing(structure),
        *_single(structure, preset),
        *_thin(structure),
        *_unused(cost, preset),
        *_at_limits(structure, preset),
        *_far(gap),
    ]


def lines(structure: Structure, preset: Preset, gap: float | None = None) -> list[str]:
    """`of_structure` as lines of an outcome."""
    return [f"Advice: {sentence}." for sentence in of_structure(structure, preset, gap)]


def known_gap(bound: Bound | None) -> float | None:
    """How far a search's best is below the optimum, as a share; None where that is not known.

    A bound alone may lie above everything: that more of the budgets has a worth tells that it is
    the Z of a structure.
    """
    return bound.gap if bound is not None and bound.worth else None


class Advice(NamedTuple):
    """What is said of a preset, and the key that it is about."""

    key: tuple[str, str]
    message: str


def of_preset(preset: Preset) -> list[Advice]:
    """What is said of the numbers of a preset; empty where there is nothing to say."""
    budget, space = preset.budget, preset.space
    said: list[Advice] = []
    if preset.scorer in NO_ENTROPY:
        return said
    if budget.layers is not None:
        units = (budget.layers - 1) // _unit_layers(preset)
        deepest = max(space.stage_depths[2:])
        if 2 * deepest > units and deepest > stage_depths(budget.layers)[-1]:
            message = (
                f"allow {deepest} blocks in a stage of {units} in all that budget.layers "
                f"{budget.layers} leave; `stage_depths: auto` shares them out"
            )
            said.append(Advice(("space", "stage_depths"), message))
    if budget.flops is None:
        return said
    wide = max_width(budget.flops, budget.layers, budget.image_size, space.width_step)
    if space.max_width > LOOSE * wide:
        message = (
            f"is {space.max_width}, {space.max_width / wide:.0f} times what the budget pays for; "
            f"`max_width: auto` is {wide}"
        )
        said.append(Advice(("space", "max_width"), message))
    if at_paper_size(budget.flops, budget.image_size) >= SMALL:
        return said
    if preset.objective.size in ("nominal", "area"):
        message = (
            f"is {preset.objective.size}, which leaves C5 short of depth at small budgets; "
            "`size: log-channels` does not"
        )
        said.append(Advice(("score", "size"), message))
    if not space.monotone_widths and "ResBlock" in space.blocks:
        message = "is off, so that stages may narrow at a small budget; `true` prevents it"
        said.append(Advice(("space", "monotone_widths"), message))
    return said


def _unit_layers(preset: Preset) -> int:
    """Layers of one more unit, the most of all kinds of the space."""
    plain = [one for one in preset.initial.blocks if one.kind in preset.space.blocks]
    return max((block_cost(one, (64, 64)).layers // one.depth for one in plain), default=3)


def _narrowing(structure: Structure) -> list[str]:
    widths = structure.widths
    return [
        f"{level} is narrower than {before} ({now} channels after {last}); "
        "space.monotone_widths: true prevents it"
        for before, level, last, now in zip(LEVELS, LEVELS[1:], widths, widths[1:])
        if now < last
    ]


def _single(structure: Structure, preset: Preset) -> list[str]:
    said = []
    for level, stage, alpha in zip(LEVELS, structure.stages, preset.objective.alphas):
        repeated = [block for block in stage if "depth" in KINDS[block.kind].fields]
        if alpha and repeated and sum(block.depth for block in repeated) == 1:
            said.append(
                f"{level}, which a detector reads, has a single block; space.stage_depths: auto "
                "and score.size: log-channels share blocks out"
            )
    return said


def _thin(structure: Structure) -> list[str]:
    thin = [
        (level, block)
        for level, block in zip(structure.levels, structure.blocks)
        if block.bottleneck and block.bottleneck < THINNEST * block.out_channels
    ]
    return [
        f"a bottleneck of {level} has {block.bottleneck} channels beside an output of "
        f"{block.out_channels}; space.bottleneck_ratio: [{THINNEST}, null] prevents it"
        for level, block in thin
    ]


def _unused(cost: Cost, preset: Preset) -> list[str]:
    budget, said = preset.budget, []
    limits = [("flops", cost.flops, budget.flops), ("params", cost.params, budget.params)]
    shares = {name: value / limit for name, value, limit in limits if limit is not None}
    # one of the two binds, and the other need not
    if shares and max(shares.values()) < USED and budget.latency is None:
        name = max(shares, key=lambda one: shares[one])
        said.append(
            f"only {100 * shares[name]:.0f} % of budget.{name} is used; raise budget.layers, "
            "space.stage_depths or space.max_width, or search longer"
        )
    # in a small network a single unit is more than the rest of the share
    left = 0 if budget.layers is None else budget.layers - cost.layers
    if budget.layers and left > max(_unit_layers(preset), (1 - USED) * budget.layers):
        said.append(
            f"only {cost.layers} of {budget.layers} layers are used; raise space.stage_depths, "
            "or lower budget.layers"
        )
    return said


def _at_limits(structure: Structure, preset: Preset) -> list[str]:
    """A width or depth at a limit that is tighter than the rules for such a budget."""
    budget, space, said = preset.budget, preset.space, []
    widest = max(structure.widths)
    if budget.flops is not None and widest == space.max_width:
        wide = max_width(budget.flops, budget.layers, budget.image_size, space.width_step)
        if widest < USED * wide:
            said.append(
                f"a stage is as wide as space.max_width {widest} lets it be; "
                f"`max_width: auto` is {wide}"
            )
    if budget.layers is not None:
        rule = stage_depths(budget.layers)
        for level, stage, limit, usual in zip(LEVELS, structure.stages, space.stage_depths, rule):
            repeated = [one for one in stage if "depth" in KINDS[one.kind].fields]
            if repeated and sum(one.depth for one in repeated) == limit < usual:
                said.append(
                    f"{level} is as deep as space.stage_depths.{level} {limit} lets it be; "
                    f"`stage_depths: auto` is {usual}"
                )
    return said


def _far(gap: float | None) -> list[str]:
    if gap is None or gap < FAR:
        return []
    far = f"{100 * gap:.1f} % below the optimum"
    return [f"the best is {far}; raise search.iterations or try other seeds"]
