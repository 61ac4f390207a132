"""How much is said of what is wrong: a file with a hundred thousand mistakes gets as many
words as anybody reads, and takes no longer than one with twenty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

#: problems that are told one by one; all further ones are counted
MOST_PROBLEMS = 20
#: characters of a line
LONGEST = 300

Told = TypeVar("Told")


def clipped(text: str, most: int = LONGEST) -> str:
    """Text without a line longer than that; of one that is, both ends stay: they say where
    something is wrong, and what to do about it."""
    if len(text) <= most:
        return text
    return "\n".join(_clipped(line, most) for line in text.split("\n"))


def _clipped(line: str, most: int) -> str:
    if len(line) <= most:
        return line
    end = most // 3
    return f"{line[: most - end - 3]} … {line[len(line) - end :]}"


def and_more(count: int) -> str:
    """The last line of a list of problems that leaves so many out."""
    return f"and {count:,} more problem{'s' if count > 1 else ''}"


class Problems(Generic[Told]):
    """Problems as they are found: `told` are the first ones, `more` is how many others."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.more = 0

    def __len__(self) -> int:
        return len(self.told) + self.more

    def add(self, word: Callable[[], Told]) -> None:
        """One more problem; it is put into words only if there are few so far."""
        if len(self.told) < MOST_PROBLEMS:
            self.told.append(word())
        else:
            self.more += 1
