"""Presets from Python: of a name or a file, with other values, or without any file."""

from __future__ import annotations

from dataclasses import fields
from os import PathLike, fspath
from typing import Any

from engine import settings
from maedet_tui.api.shown import pretty


class Preset(settings.Preset):
    """What a search is asked to do; `print` shows it as the YAML that a file would hold."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Equal to whatever preset says the same, of the engine's own class too."""
        if not isinstance(other, settings.Preset):
            return NotImplemented
        return _values(self) == _values(other)

    __hash__ = settings.Preset.__hash__

    def __str__(self) -> str:
        from maedet_tui.presets.write import dump

        return dump(self)

    _repr_pretty_ = pretty


def preset(
    source: str | PathLike[str] | settings.Preset | None = None, /, **sections: Any
) -> Preset:
    """A preset by name (built in, or your own), from a YAML file, or made of keywords alone.

        preset("maedet-m")
        preset("maedet-m", search={"iterations": 20_000, "seed": 1})
        preset(name="narrow", budget={"flops": "30G"}, space={"kernels": [3], "max_width": 1024})

    source: what to begin with, a preset too; without it, the paper's defaults. sections: the
    keys of a preset's file (`maedet-tui presets show maedet-m` lists them), each in place of
    what `source` says: budget, score, space, search, forward and timing as dicts of their
    keys, initial as the name of a structure, a list of blocks, a Structure or a Design.
    Raises PresetError with every problem in the words that a file's are told in.
    """
    from maedet_tui.api.keys import dotted, refuse_misplaced
    from maedet_tui.presets.reading import load, parse

    refuse_misplaced(sections)
    overrides = {key: (value, "") for key, value in dotted(sections)}
    if source is None:
        found = parse("", source="", overrides=overrides)
    elif isinstance(source, settings.Preset):
        if not sections:
            return _of(source)
        from maedet_tui.presets.write import dump

        found = parse(dump(source), source=source.source, overrides=overrides)
    else:
        found = load(fspath(source), overrides)
    return _of(found)


def _values(preset: settings.Preset) -> dict[str, Any]:
    return {field.name: getattr(preset, field.name) for field in fields(preset)}


def _of(preset: settings.Preset) -> Preset:
    return preset if isinstance(preset, Preset) else Preset(**_values(preset))
