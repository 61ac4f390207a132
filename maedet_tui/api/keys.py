"""Keywords as the keys of a preset's file: where each belongs, and values as YAML has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from engine.formats.structure_yaml import to_rows
from engine.structure import Structure
from maedet_tui.presets.problems import PresetError, Problem
from maedet_tui.presets.schema import PresetFile, section


def refuse_misplaced(keywords: Mapping[str, Any]) -> None:
    """Raise PresetError for `iterations=...`, telling the section that it belongs to."""
    problems = []
    for key, value in keywords.items():
        if key in PresetFile.model_fields:
            continue
        for name in PresetFile.model_fields:
            inner = section(PresetFile, name)
            if inner is not None and key in inner.model_fields:
                fix = f"belongs to {name}; write {name}={{{key!r}: {value!r}}}"
                problems.append(Problem("", key, fix))
                break
    if problems:
        raise PresetError(problems)


def dotted(
    keywords: Mapping[str, Any], model: type[BaseModel] = PresetFile, above: str = ""
) -> Iterator[tuple[str, Any]]:
    """Each value by its dotted key (search.seed), as plain data."""
    for key, value in keywords.items():
        inner = section(model, key)
        if inner is not None and isinstance(value, Mapping):
            yield from dotted(value, inner, f"{above}{key}.")
        else:
            yield f"{above}{key}", _plain(value)


def _plain(value: Any) -> Any:
    """A value as YAML would have it: lists for tuples and arrays, rows for a structure."""
    structure = getattr(value, "structure", value)  # of a Design
    if isinstance(structure, Structure):
        return to_rows(structure)
    if hasattr(value, "tolist"):  # arrays of numpy, and its numbers
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
