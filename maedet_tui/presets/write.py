"""Writing a preset as YAML that reads back as the same preset."""

from __future__ import annotations

from math import isinf

from engine.formats.strict_yaml import dump as dump_yaml
from engine.formats.structure_yaml import to_rows
from engine.settings import Preset
from engine.structure import LEVELS
from maedet_tui.presets.quantities import (
    format_duration,
    format_image_size,
    format_percent,
    format_quantity,
    format_span,
)


def dump(preset: Preset) -> str:
    """YAML text with every value spelled out; only `source` is not part of it."""
    budget, objective, space = preset.budget, preset.objective, preset.space
    schedule = preset.schedule
    low, high = space.bottleneck_ratio

    def quantity(value: int | None) -> str | int | None:
        return None if value is None else format_quantity(value)

    return dump_yaml(
        {
            "name": preset.name,
            "description": preset.description,
            "reference": preset.reference,
            "budget": {
                "flops": quantity(budget.flops),
                "image_size": format_image_size(budget.image_size),
                "params": quantity(budget.params),
                "layers": budget.layers,
                "latency": None if budget.latency is None else format_duration(budget.latency),
                "flops_min": quantity(budget.flops_min),
                "params_min": quantity(budget.params_min),
                "effectiveness": budget.effectiveness,
                "memory": quantity(budget.memory),
            },
            "score": {
                "resolution": objective.resolution,
                "alphas": list(objective.alphas),
                "size": objective.size,
                "activation": objective.activation,
            },
            "space": {
                "blocks": list(space.blocks),
                "kernels": list(space.kernels),
                "expansions": list(space.expansions),
                "width_step": space.width_step,
                "max_width": space.max_width,
                "bottleneck_ratio": [low, None if isinf(high) else high],
                "stage_depths": dict(zip(LEVELS, space.stage_depths, strict=True)),
                "split_above": space.split_above,
                "monotone_widths": space.monotone_widths,
                "max_expansion": None if isinf(space.max_expansion) else space.max_expansion,
                "widths": {level: [low, high] for level, (low, high) in zip(LEVELS, space.widths)},
            },
            "initial": to_rows(preset.initial),
            "search": {
                "population": schedule.population,
                "iterations": schedule.iterations,
                "keep": schedule.keep,
                "fine_at": schedule.fine_at,
                "seed": schedule.seed,
                "strategy": schedule.strategy,
                "compound": schedule.compound,
                "trade": schedule.trade,
                "balance": schedule.balance,
                "warm_start": schedule.warm_start,
                "stop_gap": None
                if schedule.stop_gap is None
                else format_percent(schedule.stop_gap),
                "time_limit": None
                if schedule.time_limit is None
                else format_span(schedule.time_limit),
            },
            "scorer": preset.scorer,
            "device": preset.device,
            "workers": preset.workers,
            "forward": {
                "repeats": preset.forward.repeats,
                "memory": format_quantity(preset.forward.memory),
                "batch": preset.forward.batch,
            },
            "timing": {"batch": preset.timing.batch, "dtype": preset.timing.dtype},
            "audit": preset.audit,
            "bound": preset.bound,
        }
    )
