"""A point of a history as the names and numbers that trackers take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.snapshot import Point
from engine.structure import LEVELS

COSTS = ("params", "flops", "layers")
HEADINGS = ["iteration", "z", *(f"{name}_{level}" for level in LEVELS for name in COSTS)]


def row(point: Point) -> list[float]:
    """A point under HEADINGS."""
    return [point.iteration, point.z, *(n for cost in point.stage_costs for n in cost)]


def curves(point: Point) -> dict[str, float]:
    """Z, and each level's costs (Figures 8-10), by the name of their curve."""
    values = {"Z": point.z}
    for level, cost in zip(LEVELS, point.stage_costs, strict=True):
        values |= {f"{name}/{level}": getattr(cost, name) for name in COSTS}
    return values


def settings(folder: Path) -> dict[str, Any]:
    """The run's frozen preset as nested plain data; empty if it cannot be read."""
    import yaml

    try:
        read = yaml.safe_load((folder / "preset.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return read if isinstance(read, dict) else {}
