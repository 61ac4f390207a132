"""The text format of the authors' released code: a Python literal with `best_structures`.

    {'best_structures': [[{'class': 'ConvKXBNRELU', 'in': 3, 'out': 64, 's': 2, 'k': 3},
                          {'class': 'SuperResK1KXK1', ..., 'L': 10, 'btn': 72}]],
     'space_arch': 'CnnNet'}

`L` counts bottlenecks. A search's `nas_info` lists several structures, of which one is named by
its number. A text is held against the few tokens of a literal before it is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from engine.checks import check
from engine.formats import damo_yolo, literal
from engine.formats.limits import refuse_oversized
from engine.formats.rows import RowProblem, RowProblems, closest, numbers, refusal, shown
from engine.structure import Block, Structure, StructureError

#: structures that a message lists
MOST_LISTED = 10_000

_CLASSES = {
    "ConvKXBNRELU": "Conv",
    "SuperResK1KXK1": "ResBlock",
    "SuperResConvK1KXK1": "ResBlock",  # the name in their first release
    "SuperResK1KX": "K1KXBlock",
    "SuperResKXKX": "KXKXBlock",
    "SuperResK1DWK1": "DepthwiseBlock",
    "SuperResK1DWSEK1": "DepthwiseBlock",
    **damo_yolo.CLASSES,
}
_WRITTEN = {
    "Conv": "ConvKXBNRELU",
    "ResBlock": "SuperResK1KXK1",
    "K1KXBlock": "SuperResK1KX",
    "KXKXBlock": "SuperResKXKX",
    "DepthwiseBlock": "SuperResK1DWK1",
}
_EXCITED = "SuperResK1DWSEK1"
#: the squeeze-and-excitation of that class
_REDUCTION = 4
#: classes that are no image backbone in numbers of full precision, and why
_NEVER = {
    "Conv3DKXBNRELU": "of video (3D convolutions)",
    "SuperRes3DK1DWK1": "of video (3D convolutions)",
    "SuperQuantResK1DWK1": "quantised to mixed widths of bits",
}
_COMMON = {"k": "kernel", "in": "in_channels", "out": "out_channels"}
_INSIDE = {"btn": "bottleneck", "L": "depth"}
#: keys without any bearing on what the block computes here
_IGNORED = {"inner_class", "force_resproj_skip", "force_resproj"}
_OPTIONAL = {"s", "p", "g", "act", "nbitsA", "nbitsW"}


def dumps(structure: Structure) -> str:
    """The structure as text for the authors' code.

    Raises StructureError for a block that has no class there.
    """
    rows = []
    for number, block in enumerate(structure.blocks, 1):
        name = _WRITTEN.get(block.kind)
        if block.kind == "DepthwiseBlock" and block.se == _REDUCTION:
            name = _EXCITED
        if name is None or block.se not in (0, _REDUCTION):
            raise StructureError(
                [
                    f"block {number}: structure_info has no class for {block.kind}; "
                    "save the structure as YAML instead"
                ]
            )
        row = (
            f"{{'class': '{name}', 'in': {block.in_channels}, "
            f"'out': {block.out_channels}, 's': {block.stride}, 'k': {block.kernel}"
        )
        if block.kind != "Conv":
            row += f", 'L': {block.depth}, 'btn': {block.bottleneck}"
        rows.append(row + "}")
    body = ",\n    ".join(rows)
    return f"{{'best_structures': [[\n    {body}]],\n 'space_arch': 'CnnNet'}}\n"


class Several(StructureError):
    """A text with several structures, of which none was named; `found` has each of them, or in
    words why it cannot be built."""

    def __init__(self, found: list[Structure | str]):
        self.found = found
        super().__init__([f"holds {len(found)} structures; name one by its number"])


def loads(text: str, number: int | None = None, family: str = "") -> Structure:
    """A checked structure out of `structure_info` text: the dict, a list of lists, or a list.

    number: which one of several, from 1. family: which network of DAMO-YOLO's its texts mean
    (`engine.formats.damo_yolo`), "" for the others'. Raises StructureError naming block number and
    key, Several where a number is missing, OpenFamily where a family is; never evaluates code.
    """
    structures = _structures(literal.read(text))
    if not family and any(map(_of_damo_yolo, structures)):
        raise damo_yolo.OpenFamily
    if number is None and len(structures) > 1:
        raise Several([_or_why(rows, family) for rows in structures[:MOST_LISTED]])
    if number is not None and not 1 <= number <= len(structures):
        only = f"has {len(structures)} structures" if len(structures) > 1 else "has one structure"
        raise StructureError([f"there is no structure {number}; the file {only}"])
    return _structure(structures[(number or 1) - 1], family)


def _or_why(rows: list[Any], family: str) -> Structure | str:
    try:
        return _structure(rows, family)
    except StructureError as error:
        return error.problems[0]


def _classes(rows: list[Any]) -> set[str]:
    named = (row.get("class") for row in rows if isinstance(row, Mapping))
    return {name for name in named if isinstance(name, str)}


def _of_damo_yolo(rows: list[Any]) -> bool:
    """Whether the text leaves open which network it means."""
    return not _classes(rows).isdisjoint(damo_yolo.CLASSES)


def _structure(rows: list[Any], family: str) -> Structure:
    classes = _classes(rows)
    if family and not _of_damo_yolo(rows):
        raise StructureError([damo_yolo.not_theirs(family)])
    for name, why in _NEVER.items():
        if name in classes:
            raise StructureError([f"its blocks are {why}, which no structure here is"])
    problems = RowProblems()
    blocks = [_block(number, row, problems) for number, row in enumerate(rows, 1)]
    if problems:
        raise refusal(problems)
    found = tuple(block for block in blocks if block)
    refuse_oversized(found)
    return check(Structure(damo_yolo.chosen(found, family) if family else found))


def _structures(value: Any) -> list[list[Any]]:
    if isinstance(value, Mapping):
        if "best_structures" not in value:
            raise StructureError(["there is no key 'best_structures' with a list of structures"])
        arch = value.get("space_arch", "CnnNet")
        if arch == "Cnn3DNet":
            raise StructureError(["its blocks are of video (3D convolutions), which are not read"])
        if arch != "CnnNet":
            raise StructureError([f"space_arch is {shown(arch)}, but only 'CnnNet' is read"])
        value = value["best_structures"]
    found: list[list[Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, (list, tuple)) and one and isinstance(one[0], (list, tuple)):
            waiting[:0] = one
        elif isinstance(one, (list, tuple)) and one:
            found.append(list(one))
        else:
            raise StructureError(["the structure is empty; it must be a list of block dicts"])
    return found


def _block(number: int, row: Any, problems: RowProblems) -> Block | None:
    if not isinstance(row, Mapping):
        message = f"is {shown(row)}, but must be a dict"
        problems.say(number, "", message)
        return None
    name = row.get("class")
    if not isinstance(name, str) or name not in _CLASSES:
        known = f"use one of {', '.join(_WRITTEN.values())}"
        what = f"is {shown(name)}; {known}" if "class" in row else f"is missing; {known}"
        problems.say(number, "'class'", what)
        return None
    kind = _CLASSES[name]
    fields = _COMMON | (_INSIDE if kind != "Conv" else {})
    if "s" in row:  # their code takes stride 1 where none is given
        fields = fields | {"s": "stride"}
    values = numbers(number, row, fields, problems)
    _refuse_extras(number, row, fields, problems)
    if len(values) != len(fields):
        return None
    se = _REDUCTION if name == _EXCITED else 0
    return Block(kind, **({"stride": 1, "se": se} | values))


def _refuse_extras(
    number: int,
    row: Mapping[str, Any],
    fields: Mapping[str, str],
    problems: RowProblems,
) -> None:
    """Extra keys are welcome with the value that their code takes by default."""
    kernel = row.get("k")
    padding = (kernel - 1) // 2 if isinstance(kernel, int) else None
    act = "swish" if row["class"] == _EXCITED else "relu"
    defaults = {"p": padding, "g": 1, "act": act}
    for key in row:
        if key in fields or key in _IGNORED or key == "class":
            continue
        value = row[key]
        if key in ("nbitsA", "nbitsW"):
            bits = value if isinstance(value, (list, tuple)) else [value]
            if any(bit != 8 for bit in bits):
                message = "is not 8 bits throughout; remove it"
                problems.say(number, f"'{key}'", message)
        elif key in defaults:
            if value != defaults[key]:
                only = shown(defaults[key])
                message = f"is {shown(value)}, but only {only} is supported here"
                problems.say(number, f"'{key}'", message)
        else:
            word = partial(_unknown_key, number, key, row["class"], fields)
            problems.note(number, ("unknown", shown(key), row["class"]), word)


def _unknown_key(number: int, key: Any, class_: str, fields: Mapping[str, str]) -> RowProblem:
    hint = closest(str(key), ["class", *fields, *sorted(_OPTIONAL - set(fields))])
    return RowProblem(number, shown(key), f"is not a key of {class_}; {hint}")
