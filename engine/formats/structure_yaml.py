"""Structures as YAML: a list of blocks with the columns of Tables 10-15.

    structure:
    - {block: Conv, kernel: 3, in: 3, out: 64, stride: 2}
    - {block: ResBlock, kernel: 5, in: 64, out: 120, stride: 2, bottleneck: 64, depth: 2}

`depth` counts bottlenecks; the paper's "# layers" column counts two as one. Kinds of
blocks with other numbers, such as an expansion, have these in place of a bottleneck.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from engine.blocks import KINDS
from engine.checks import check
from engine.formats import strict_yaml
from engine.formats.limits import refuse_oversized
from engine.formats.rows import RowProblem, RowProblems, closest, numbers, refusal, shown
from engine.messages import MOST_PROBLEMS
from engine.structure import Block, Structure, StructureError

_COMMON = {
    "kernel": "kernel",
    "in": "in_channels",
    "out": "out_channels",
    "stride": "stride",
}
#: numbers that a file may leave out, with what they are then
_OPTIONAL = {"se": 0}
_SOME_KINDS = ("bottleneck", "depth", "expansion", "se", "group")


def _fields(kind: str) -> dict[str, str]:
    """Key in the file -> field of `Block`, for a kind of block."""
    return _COMMON | {name: name for name in KINDS[kind].fields}


def to_rows(structure: Structure) -> list[dict[str, str | int]]:
    """The blocks as mappings, ready for YAML or JSON."""
    rows = []
    for block in structure.blocks:
        row: dict[str, str | int] = {"block": block.kind}
        for key, name in _fields(block.kind).items():
            value = getattr(block, name)
            if _OPTIONAL.get(key) != value:
                row[key] = value
        rows.append(row)
    return rows


def read_rows(rows: Any) -> tuple[Structure | None, RowProblems]:
    """Blocks out of a list of mappings, before `engine.checks.check`.

    Returns the structure, or None and the problems of form.
    """
    problems = RowProblems()
    if not isinstance(rows, list) or not rows:
        problems.say(1, "", "is missing; a structure is a list of blocks")
        return None, problems
    blocks = [_block(number, row, problems) for number, row in enumerate(rows, 1)]
    if problems:
        return None, problems
    return Structure(tuple(block for block in blocks if block)), problems


def _block(number: int, row: Any, problems: RowProblems) -> Block | None:
    if not isinstance(row, Mapping):
        message = f"is {shown(row)}, but must be a mapping"
        problems.say(number, "", message)
        return None
    kind = row.get("block")
    if not isinstance(kind, str) or kind not in KINDS:
        problems.note(number, ("kind", shown(kind)), lambda: _unknown_kind(number, row))
        return None
    fields = _fields(kind)
    for key in row:
        if key != "block" and key not in fields:
            word = partial(_unknown_key, number, kind, key, fields)
            problems.note(number, ("key", kind, shown(key)), word)
    optional = _OPTIONAL if "se" in fields else {}
    values = numbers(number, {**optional, **row}, fields, problems)
    return Block(kind, **values) if len(values) == len(fields) else None


def _unknown_kind(number: int, row: Mapping[str, Any]) -> RowProblem:
    kind = row.get("block")
    help_ = closest(kind, KINDS) if isinstance(kind, str) else f"use one of {', '.join(KINDS)}"
    what = f"is {shown(kind)}; {help_}" if "block" in row else f"is missing; {help_}"
    return RowProblem(number, "block", what)


def _unknown_key(number: int, kind: str, key: Any, fields: Mapping[str, str]) -> RowProblem:
    if key in _SOME_KINDS:
        return RowProblem(number, key, f"does not belong to a {kind}; remove it")
    hint = closest(key, ["block", *fields])
    return RowProblem(number, shown(key), f"is not a key of a block; {hint}")


def from_rows(rows: Any) -> Structure:
    """A checked structure out of a list of mappings.

    Raises StructureError with every problem, each naming block number and key.
    """
    structure, problems = read_rows(rows)
    if structure is None:
        raise refusal(problems)
    refuse_oversized(structure.blocks)
    return check(structure)


def dumps(structure: Structure) -> str:
    """The structure as YAML text that `loads` reads."""
    return strict_yaml.dump({"structure": to_rows(structure)})


def loads(text: str) -> Structure:
    """A checked structure out of YAML: a mapping with `structure`, or the list alone.

    Raises StructureError.
    """
    try:
        document = strict_yaml.read(text)
    except strict_yaml.YamlError as error:
        raise StructureError([str(error)]) from None
    if document.duplicates:
        raise StructureError(
            [
                f"line {line}: {shown(path[-1])} is written twice"
                for path, line in document.duplicates[:MOST_PROBLEMS]
            ],
            max(0, len(document.duplicates) - MOST_PROBLEMS),
        )
    value = document.value
    if isinstance(value, dict):
        if "structure" not in value:
            raise StructureError(
                ["there is no key `structure`; this is not a saved structure (a preset is not one)"]
            )
        value = value["structure"]
    if not isinstance(value, list):
        raise StructureError(["`structure` must be a list of blocks"])
    return from_rows(value)
