"""What a valid preset says that its user may not have meant: warnings, which stop nothing."""

from __future__ import annotations

from dataclasses import replace

from engine.formats.strict_yaml import YamlError, read
from engine.settings import AUTO, Preset
from maedet_tui.presets import advice
from maedet_tui.presets.problems import Problem

_KEY = ("search", "population")


def doubts(preset: Preset, text: str | None = None) -> list[Problem]:
    """Warnings of a preset; text: of its file, for the line that each is about."""
    return [
        Problem(_where(preset, text, key), ".".join(key), message)
        for key, message in (*_population(preset), *advice.of_preset(preset))
    ]


def _population(preset: Preset) -> list[tuple[tuple[str, str], str]]:
    """What there is to say of N."""
    schedule = preset.schedule
    if not schedule.hurried:
        return []
    suited = replace(schedule, population=AUTO).capacity
    if suited >= schedule.capacity:
        return []
    message = (
        f"is {schedule.capacity}, which is large for {schedule.iterations:,} iterations: the "
        f"search ends early; write auto, which is {suited} here, or search longer"
    )
    return [(_KEY, message)]


def _where(preset: Preset, text: str | None, key: tuple[str, str]) -> str:
    if text is None:
        return preset.source
    try:
        return f"{preset.source}:{read(text).line(key)}"
    except YamlError:  # it was read before, so that this says little
        return preset.source
