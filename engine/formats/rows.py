"""What both formats share: a block as a mapping from keys to numbers, checked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from difflib import get_close_matches
from functools import cache, partial
from typing import Any, NamedTuple

from engine.formats.limits import MAX_VALUES
from engine.messages import MOST_PROBLEMS, Problems, blocks_named
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
        return self.of(f"block {self.number}")

    def of(self, blocks: str) -> str:
        """The same of those blocks."""
        key = f"{self.key} " if self.key else ""
        return f"{blocks}: {key}{self.message}"


class RowProblems(Problems[RowProblem]):
    """Problems of blocks; those of one cause are told of all its blocks at once.

    found: cause -> numbers of its blocks, and how the first one is put into words.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[Hashable, tuple[list[int], Callable[[], RowProblem]]] = {}

    def note(self, number: int, cause: Hashable, word: Callable[[], RowProblem]) -> None:
        """One more, of block `number`; equal causes are alike in all but that."""
        if cause not in self.found:
            self.found[cause] = [], cache(word)
        numbers, first = self.found[cause]
        self.add(word if numbers else first)
        numbers.append(number)

    def say(self, number: int, key: str, message: str) -> None:
        """One more, in words."""
        self.note(number, (key, message), partial(RowProblem, number, key, message))


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


def refusal(problems: RowProblems) -> StructureError:
    """What blocks with such problems are refused with, a line for each cause."""
    causes = list(problems.found.values())
    told = [word().of(blocks_named(numbers)) for numbers, word in causes[:MOST_PROBLEMS]]
    return StructureError(told, sum(len(numbers) for numbers, _ in causes[MOST_PROBLEMS:]))


def numbers(
    number: int,
    row: Mapping[str, Any],
    fields: Mapping[str, str],
    problems: RowProblems,
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
        problems.say(number, key, message)
    return values
