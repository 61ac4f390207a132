"""What both formats share: a block as a mapping from keys to numbers, checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from engine.formats.limits import MAX_VALUES


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
    near = get_close_matches(str(word), words, n=1, cutoff=cutoff)
    return f"did you mean {near[0]}?" if near else f"use one of {', '.join(words)}"


def shown(value: Any) -> str:
    """A value as a message quotes it, never longer than a few words."""
    text = "empty" if value is None else repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def numbers(
    number: int, row: Mapping[str, Any], fields: Mapping[str, str], problems: list[RowProblem]
) -> dict[str, int]:
    """Read whole numbers out of a block's mapping.

    fields: key in the file -> field of `Block`. Returns field -> value of those that
    are present and sound; each other one adds a problem.
    """
    values = {}
    for key, name in fields.items():
        if key not in row:
            problems.append(RowProblem(number, key, "is missing; write a whole number"))
            continue
        value = row[key]
        if isinstance(value, bool) or not isinstance(value, int):
            problems.append(
                RowProblem(number, key, f"is {shown(value)}, but must be a whole number")
            )
        elif value > MAX_VALUES[name]:
            problems.append(
                RowProblem(
                    number, key, f"is {shown(value)}, but must be at most {MAX_VALUES[name]}"
                )
            )
        else:
            values[name] = value
    return values
