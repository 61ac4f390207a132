"""A point of a history as the names and numbers that trackers take."""

from __future__ import annotations

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


def settings(preset: str) -> dict[str, Any]:
    """A run's frozen preset, in YAML, as nested plain data; empty if it cannot be read."""
    # not before a tracker is asked for
    from engine.formats.strict_yaml import read

    try:
        value = read(preset).value
    except ValueError:  # which a YamlError is
        return {}
    return value if isinstance(value, dict) else {}
