"""From a YAML document to a Preset: runs the schema and the cross checks, words the problems."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from engine.formats.rows import closest, shown
from engine.formats.strict_yaml import Document
from engine.formats.strict_yaml import Path as KeyPath
from engine.messages import MOST_PROBLEMS
from engine.settings import Preset
from maedet_tui.presets.automatic import with_autos, without_autos
from maedet_tui.presets.crosschecks import check_all, initial_structure
from maedet_tui.presets.problems import Problem, further
from maedet_tui.presets.schema import PresetFile, section


class _Found(NamedTuple):
    """A problem that is put into words only if it is among those that are told."""

    line: int
    path: KeyPath
    message: str | Callable[[], str]
    problems: int = 1


def validate(
    document: Document, origins: Mapping[KeyPath, str], *, source: str, name: str
) -> tuple[Preset | None, list[Problem]]:
    """The preset in a document whose value is a mapping, and its problems in the order of
    the file; the last one says how many more there are, if they are many.

    origins: path -> command-line option, for values that are not from the file; "" for those
    that stand in a program. source: the file, "" if there is none. With
    problems, defaults stand in for what is wrong; without an initial structure there is
    no preset.
    """
    found: list[_Found] = []

    def report(path: KeyPath, message: str | Callable[[], str], count: int = 1) -> None:
        found.append(_Found(document.line(path), path, message, count))

    def worded(one: _Found) -> Problem:
        where = _origin(origins, one.path)
        if where is None:
            where = f"{source}:{one.line}" if source else ""
        key = "" if where and one.path in origins else _dotted(one.path)
        return Problem(where, key, one.message if isinstance(one.message, str) else one.message())

    for path, line in document.duplicates:
        found.append(_Found(line, path, "is written twice; keep one of the two"))

    values = _without_nulls(document.value)
    wished = without_autos(values)
    bad: set[KeyPath] = set()
    model = with_autos(_model(values, bad, report), wished, report)

    def sound(*paths: KeyPath) -> bool:
        return not any(
            path[: len(wrong)] == wrong or wrong[: len(path)] == path
            for path in paths
            for wrong in bad
        )

    structure = initial_structure(model, report)
    check_all(model, structure, sound, report)
    found.sort(key=lambda one: one.line)
    singly = [one for one in found if one.problems == 1]
    problems = [worded(one) for one in singly[:MOST_PROBLEMS]]
    if more := sum(one.problems for one in found) - len(problems):
        problems.append(further(source, more))
    if structure is None:
        return None, problems
    preset = Preset(
        name=model.name or name,
        initial=structure,
        budget=model.budget.settings(),
        objective=model.score.settings(),
        space=model.space.settings(),
        schedule=model.search.settings(),
        scorer=model.scorer,
        device=model.device,
        workers=model.workers,
        forward=model.forward.settings(),
        audit=model.audit,
        bound=model.bound,
        timing=model.timing.settings(),
        description=model.description,
        reference=model.reference,
        source=source,
    )
    return preset, problems


def _origin(origins: Mapping[KeyPath, str], path: KeyPath) -> str | None:
    """What gave the value at `path` or one around it; None for the file."""
    while path:
        if path in origins:
            return origins[path]
        path = path[:-1]
    return None


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    """A copy in which a section without content is left out, so that it takes its defaults."""
    return {key: copy.deepcopy(item) for key, item in value.items() if item is not None}


def _model(values: dict[str, Any], bad: set[KeyPath], report: Any) -> PresetFile:
    """The model of the values, defaults standing in for those with a problem.

    Adds the path of each of these to `bad`.
    """
    while True:
        try:
            return PresetFile.model_validate(values)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                path = _existing(values, details["loc"])
                if path not in bad:
                    bad.add(path)
                    report(path, partial(_worded, path, details))
            for path in sorted(bad, key=len, reverse=True):
                _remove(values, path)


def _existing(values: Any, loc: KeyPath) -> KeyPath:
    """The part of pydantic's location that exists in the file: it adds the arms of unions."""
    path: list[str | int] = []
    for part in loc:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            break
        path.append(part)
    return tuple(path)


def _remove(values: Any, path: KeyPath) -> None:
    """Take out the key at `path`, or the whole list that the path goes through."""
    for part in path[:-1]:
        inner = values.get(part)
        if not isinstance(inner, dict):
            values.pop(part, None)
            return
        values = inner
    values.pop(path[-1], None)


def _fields(path: KeyPath) -> list[str]:
    """Known keys beside the one at `path`; none outside of sections."""
    model: type[BaseModel] | None = PresetFile
    for part in path[:-1]:
        model = model and section(model, str(part))
    return list(model.model_fields) if model else []


def _worded(path: KeyPath, details: Mapping[str, Any]) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "value_error":
        message = str(context["error"])
        starts_with_value = message.startswith("is not")
        return f"{shown(value)} {message}" if starts_with_value else message
    if kind == "extra_forbidden":
        return f"is not a known key; {closest(str(path[-1]), _fields(path))}"
    if kind == "literal_error":
        options = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        # stricter than for keys: who writes gpu does not mean cpu
        said = value if isinstance(value, str) else shown(value)
        return f"is {shown(value)}; {closest(said, options, cutoff=0.75)}"
    bounds = {
        "greater_than_equal": ("ge", "at least"),
        "less_than_equal": ("le", "at most"),
        "greater_than": ("gt", "more than"),
        "less_than": ("lt", "less than"),
    }
    if kind in bounds:
        name, words = bounds[kind]
        return f"is {shown(value)}, but must be {words} {context[name]}"
    types = {
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "finite_number": "a finite number",
        "bool_type": "true or false",
        "string_type": "text",
        "list_type": f"a list, such as [{value if isinstance(value, str) else '3, 5'}]",
        "model_type": f"a mapping of keys ({', '.join(_section_keys(path))})",
        "string_too_short": "longer than that",
        "string_too_long": f"at most {context.get('max_length')} characters long",
    }
    return f"is {shown(value)}, but must be {types.get(kind, details['msg'])}"


def _section_keys(path: KeyPath) -> list[str]:
    return _fields((*path, "")) or ["see `maedet-tui presets show maedet-m`"]


def _dotted(path: KeyPath) -> str:
    """budget.flops, or initial[3].kernel with blocks counted from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
