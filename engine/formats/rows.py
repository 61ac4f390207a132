"""What both formats share: a block as a mapping from keys to numbers, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Any, NamedTuple

from engine.formats.limits import MAX_VALUES
from engine.messages import Problems
from engine.structure import StructureError

#: bits from which on a number is told by its length: as digits it may be beyond Python's limit
_LONG = 256
#: characters of a word that known ones are compared with
_COMPARED = 60


class RowProblem(NamedTuple):
    """What is wrong with a block; `number` counts blocks from 1, `key` may be empty."""

    number: int
    key: str
    message: str

    def __str__(self) -> str:
        key = f"{self.key} " if self.key else ""
        return f"block {self.number}: {key}{self.message}"


def closest(word: str, words: Iterable[str], cutoff: float = 0.6) -> str:
    """A phrase that helps with a mistyped word: the nearest known one, or all of them."""
    words = [str(known) for known in words]
    near = get_close_matches(str(word)[:_COMPARED], words, n=1, cutoff=cutoff)
    return f"did you mean {near[0]}?" if near else f"use one of {', '.join(words)}"


def shown(value: Any) -> str:
    """A value as a message quotes it, never longer than a few words."""
    if isinstance(value, int) and value.bit_length() > _LONG:
        return f"a number of {round(value.bit_length() * 0.30103):,} digits"
    if isinstance(value, str):
        value = value[:_COMPARED]
    text = "empty" if value is None else repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def refusal(problems: Problems[RowProblem]) -> StructureError:
    """What blocks with such problems are refused with."""
    return StructureError([str(problem) for problem in problems.told], problems.more)


def numbers(
    number: int,
    row: Mapping[str, Any],
    fields: Mapping[str, str],
    problems: Problems[RowProblem],
) -> dict[str, int]:
    """Read whole numbers out of a block's mapping.

    fields: key in the file -> field of `Block`. Returns field -> value of those that
    are present and sound; each other one adds a problem.
    """
    values = {}
    for key, name in fields.items():
        if key not in row:
            message = "is missing; write a whole number"
        elif isinstance(row[key], bool) or not isinstance(row[key], int):
            message = f"is {shown(row[key])}, but must be a whole number"
        elif row[key] > MAX_VALUES[name]:
            message = f"is {shown(row[key])}, but must be at most {MAX_VALUES[name]}"
        elif row[key] < -MAX_VALUES[name]:  # others are told with what the kind of block allows
            message = f"is {shown(row[key])}, but must not be negative"
        else:
            values[name] = row[key]
            continue
        problems.add(partial(RowProblem, number, key, message))
    return values
