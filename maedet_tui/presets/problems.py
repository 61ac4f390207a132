"""What is wrong with a preset, said so that it can be put right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.messages import and_more, clipped
from maedet_tui.formatting import printable

#: characters of a key
_KEY = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct. where: "FILE:LINE", or a command-line option. key: dotted
    path in the file, "" for the file as a whole. message: what is wrong, and the fix.
    count: how many problems it stands for, where there are too many to tell."""

    where: str
    key: str
    message: str
    count: int = 1

    def __post_init__(self) -> None:
        # which may quote the file, and are printed
        object.__setattr__(self, "key", clipped(printable(self.key), _KEY))
        object.__setattr__(self, "message", clipped(printable(self.message)))

    @property
    def line(self) -> int | None:
        """The line in the file, counted from 1; None where there is none to point at."""
        number = self.where.rpartition(":")[2]
        return int(number) if number.isdecimal() and ":" in self.where else None

    def __str__(self) -> str:
        said = ": ".join(part for part in (self.where, self.key, self.message) if part)
        return clipped(said)


def further(where: str, count: int) -> Problem:
    """What stands for so many problems that are not told one by one."""
    return Problem(where, "", and_more(count), count)


def tally(problems: Iterable[Problem]) -> int:
    """How many problems these are."""
    return sum(problem.count for problem in problems)


class PresetError(ValueError):
    """A preset that cannot be used; `problems` lists every reason.

    unknown: no such preset exists, rather than one with mistakes in it.
    """

    def __init__(self, problems: list[Problem], *, unknown: bool = False):
        self.problems = problems
        self.unknown = unknown
        super().__init__("\n".join(str(problem) for problem in problems))
