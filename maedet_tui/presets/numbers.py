"""The six numbers of a preset that people change, which `search` has options for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.formats.strict_yaml import YamlError, read
from engine.settings import Preset
from maedet_tui.presets.problems import Problem
from maedet_tui.presets.quantities import format_quantity
from maedet_tui.presets.reading import examine

#: dotted key -> what it is called
NUMBERS = {
    "budget.flops": "FLOPs",
    "budget.params": "params",
    "budget.layers": "layers",
    "search.iterations": "iterations",
    "search.population": "population",
    "search.seed": "seed",
}
#: those that may be left empty, for no limit
LIMITS = ("budget.flops", "budget.params", "budget.layers")

Overrides = dict[str, tuple[Any, str]]


def written(preset: Preset) -> dict[str, str]:
    """The six as they would be written; "" is no limit."""
    budget, schedule = preset.budget, preset.schedule
    quantities = {"budget.flops": budget.flops, "budget.params": budget.params}
    return {
        **{key: "" if n is None else str(format_quantity(n)) for key, n in quantities.items()},
        "budget.layers": "" if budget.layers is None else str(budget.layers),
        "search.iterations": str(schedule.iterations),
        "search.population": str(schedule.population),
        "search.seed": str(schedule.seed),
    }


def keeping(overrides: Overrides, keep: int) -> Overrides:
    """The same, for `parse`: a smaller population cannot keep more than all of it at the switch."""
    population, option = overrides.get("search.population", (0, ""))
    if isinstance(population, int) and population > 0:
        return {**overrides, "search.keep": (min(keep, population), option)}
    return overrides


def changed(
    preset: Preset, text: str, lines: Mapping[str, str]
) -> tuple[Preset | None, list[Problem]]:
    """The preset of a text with other numbers, and what is wrong with them.

    preset: what is in the text. lines: what was typed, by the dotted key.
    """
    before, overrides, problems = written(preset), Overrides(), list[Problem]()
    for key, typed in lines.items():
        if typed.strip() == before[key]:
            continue
        try:
            overrides[key] = (_value(key, typed), NUMBERS[key])
        except ValueError as error:
            problems.append(Problem(NUMBERS[key], "", str(error)))
    if problems:
        return None, problems
    if not overrides:
        return preset, []
    overrides = keeping(overrides, preset.schedule.keep)
    return examine(text, source=preset.source, name=preset.name, overrides=overrides)


def _value(key: str, typed: str) -> Any:
    """What a line says. Raises ValueError."""
    if not typed.strip():
        if key in LIMITS:
            return None
        raise ValueError("is empty; write a number")
    try:
        value = read(typed).value
    except YamlError as error:
        raise ValueError(error.message) from None
    if isinstance(value, (dict, list)):
        raise ValueError("is not a number")
    return value
