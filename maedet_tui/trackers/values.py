"""A point of a history as the names and numbers that trackers take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.files import Unreadable, read_regular
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
    # not before a tracker is asked for
    from engine.formats.strict_yaml import MAX_LENGTH, read

    try:
        value = read(read_regular(folder / "preset.yaml", MAX_LENGTH).decode()).value
    except (Unreadable, ValueError):  # which a YamlError is
        return {}
    return value if isinstance(value, dict) else {}
