"""Keys of a preset that say `auto`: taken out before the schema reads the file, and filled in
from the budget afterwards."""

from __future__ import annotations

from typing import Any

from engine.formats.strict_yaml import Path as KeyPath
from engine.settings import AUTO
from engine.structure import LEVELS
from maedet_tui.presets.auto import max_width, stage_depths
from maedet_tui.presets.schema import PresetFile, StageDepths

DEPTHS, WIDTH = ("space", "stage_depths"), ("space", "max_width")


def without_autos(values: dict[str, Any]) -> set[KeyPath]:
    """Take the keys that say `auto` out of a file's values; their paths. `initial` stays: it is
    no number of the schema's."""
    found: set[KeyPath] = set()
    space = values.get("space")
    if isinstance(space, dict):
        for path in (DEPTHS, WIDTH):
            if space.get(path[1]) == AUTO:
                del space[path[1]]
                found.add(path)
    return found


def with_autos(model: PresetFile, wished: set[KeyPath], report: Any) -> PresetFile:
    """The model with what was `auto` filled in; what lacks a budget to go by is reported."""
    budget, space = model.budget, model.space
    changes: dict[str, Any] = {}
    if DEPTHS in wished:
        if budget.layers is None:
            report(DEPTHS, "is auto, which goes by budget.layers; write such as layers: 91 there")
        else:
            depths = zip(LEVELS, stage_depths(budget.layers))
            changes["stage_depths"] = StageDepths(**dict(depths))
    if WIDTH in wished:
        if budget.flops is None:
            report(WIDTH, "is auto, which goes by budget.flops; write such as flops: 91G there")
        else:
            changes["max_width"] = max_width(
                budget.flops, budget.layers, budget.image_size, space.width_step
            )
    if not changes:
        return model
    return model.model_copy(update={"space": space.model_copy(update=changes)})
