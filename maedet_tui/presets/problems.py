"""What is wrong with a preset, said so that it can be put right."""

from __future__ import annotations

from dataclasses import dataclass

from maedet_tui.formatting import printable


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct. where: "FILE:LINE", or a command-line option. key: dotted
    path in the file, "" for the file as a whole. message: what is wrong, and the fix."""

    where: str
    key: str
    message: str

    def __post_init__(self) -> None:
        for name in ("key", "message"):  # which may quote the file, and are printed
            object.__setattr__(self, name, printable(getattr(self, name)))

    @property
    def line(self) -> int | None:
        """The line in the file, counted from 1; None where there is none to point at."""
        number = self.where.rpartition(":")[2]
        return int(number) if number.isdecimal() and ":" in self.where else None

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.key, self.message) if part)


class PresetError(ValueError):
    """A preset that cannot be used; `problems` lists every reason.

    unknown: no such preset exists, rather than one with mistakes in it.
    """

    def __init__(self, problems: list[Problem], *, unknown: bool = False):
        self.problems = problems
        self.unknown = unknown
        super().__init__("\n".join(str(problem) for problem in problems))
