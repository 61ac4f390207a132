"""Whether the rules of a preset contradict each other, and whether its initial structure keeps
to them: children of one that does not would all be refused."""

from __future__ import annotations

from collections.abc import Callable

from engine.costs import total_cost
from engine.formats.strict_yaml import Path as KeyPath
from engine.search.rules import Widths, effectiveness, map_memory, too_deep
from engine.structure import LEVELS, Structure
from maedet_tui.formatting import quantity
from maedet_tui.presets.quantities import format_quantity
from maedet_tui.presets.schema import PresetFile

Sound = Callable[..., bool]
Report = Callable[[KeyPath, str], None]


def check_limits(model: PresetFile, sound: Sound, report: Report) -> None:
    """Report lower limits above upper ones, and ranges of widths that leave none."""
    budget = model.budget
    for name in ("flops", "params"):
        least, most = getattr(budget, f"{name}_min"), getattr(budget, name)
        keys = ("budget", name), ("budget", f"{name}_min")
        if least is not None and most is not None and least > most and sound(*keys):
            report(
                ("budget", f"{name}_min"),
                f"is {format_quantity(least)}, over budget.{name} {format_quantity(most)}; "
                f"write less than that",
            )
    if not sound(("space",)) or not model.space.widths.settings(model.space.max_width):
        return
    space = model.space.settings()
    widths, reach = Widths(space), (1, space.max_width)
    for stage, level in enumerate(LEVELS):
        low, high = widths.of_stage(stage)
        if low > high:
            report(
                ("space", "widths", level),
                f"leaves no multiple of width_step {space.width_step} up to max_width "
                f"{space.max_width}; widen the range",
            )
            return
        least, _ = widths.behind(reach[0]) if stage else (low, high)
        _, most = widths.behind(reach[1]) if stage else (low, high)
        reach = max(low, least), min(high, most)
        if reach[0] > reach[1]:
            rule = "monotone_widths" if least > high else "max_expansion"
            report(
                ("space", "widths", level),
                f"is {low} to {high}, which space.{rule} leaves nothing of behind "
                f"{LEVELS[stage - 1]}; change one of the two",
            )
            return


def check_rules(model: PresetFile, structure: Structure, sound: Sound, report: Report) -> None:
    """Report each rule that the initial structure breaks."""
    budget, blocks = model.budget.settings(), structure.blocks
    cost = total_cost(structure, budget.image_size)
    for name, value, least in (
        ("flops", cost.flops, budget.flops_min),
        ("params", cost.params, budget.params_min),
    ):
        key = ("budget", f"{name}_min")
        if least is not None and value < least and sound(key, ("budget", "image_size")):
            report(
                ("initial",),
                f"the initial structure has {quantity(value)} {name}, below {'.'.join(key)} "
                f"{format_quantity(least)}; write initial: auto, or lower the limit",
            )
    most = budget.effectiveness
    if most is not None and sound(("budget",)) and too_deep(blocks, cost.layers, most):
        report(
            ("initial",),
            f"the initial structure has an effectiveness of {effectiveness(blocks):.3g}, over "
            f"budget.effectiveness {most:g}; write a wider or shallower one, or raise the limit",
        )
    if budget.memory is not None and sound(("budget",)):
        needed = map_memory(blocks, budget.image_size)
        if needed > budget.memory:
            report(
                ("initial",),
                f"the maps of the initial structure take {quantity(needed)}B, over budget.memory "
                f"{format_quantity(budget.memory)}; write narrower first stages, or raise it",
            )
    if sound(("space",)) and (broken := Widths(model.space.settings()).broken(blocks)) is not None:
        rule, index = broken
        block = blocks[index]
        path: KeyPath = ("initial", index) if isinstance(model.initial, list) else ("initial",)
        report(
            path,
            f"block {index + 1} goes from {block.in_channels} to {block.out_channels} channels, "
            f"against space.{rule}; write initial: auto, or change the block or the rule",
        )
