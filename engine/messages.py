"""How much is said of what is wrong: a file with a hundred thousand mistakes gets as many
words as anybody reads, and takes no longer than one with twenty."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

#: problems that are told one by one; all further ones are counted
MOST_PROBLEMS = 20
#: characters of a line
LONGEST = 300
#: blocks in a row, or alone, that one problem is told of
MOST_RUNS = 6
_OF_BLOCK = re.compile(r"block (\d{1,9})((?: \(\w+\))?: .*)", re.DOTALL)

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


def blocks_named(numbers: Sequence[int]) -> str:
    """Blocks by their rising numbers: "block 2", "blocks 2-41", "blocks 2, 5-7 and 3 more"."""
    if len(numbers) == 1:
        return f"block {numbers[0]}"
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    named = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs[:MOST_RUNS]]
    if len(runs) <= MOST_RUNS:
        return f"blocks {', '.join(named)}"
    left = sum(run[-1] - run[0] + 1 for run in runs[MOST_RUNS:])
    return f"blocks {', '.join(named)} and {left:,} more"


def by_cause(problems: Iterable[str]) -> list[str]:
    """Problems, of which those that say the same of several blocks are one."""
    found: dict[str, list[int]] = {}
    for problem in problems:
        of_block = _OF_BLOCK.fullmatch(problem)
        if of_block is None:
            found[problem] = []
        else:
            found.setdefault(of_block[2], []).append(int(of_block[1]))
    return [blocks_named(numbers) + said if numbers else said for said, numbers in found.items()]


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
