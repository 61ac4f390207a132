"""Lines of a comparison: a property of each structure, what of it is marked, and their layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

#: stands before what differs from the chosen structure, so that colour is not the only sign
MARK = "*"
#: stands there in its place before the best number of a row
BEST = "^"
#: what stands for no difference, where numbers are differences
SAME = "="
#: least width of a column; six of them stand side by side in 80 characters
NARROWEST = 9

#: one character or more, and what it is: "head", "chosen", "label", "level", "same", "other"
#: or "best"
Piece = tuple[str, str]
_ROLES = {"": "same", MARK: "other", BEST: "best"}


@dataclass(frozen=True)
class Line:
    """One property of each structure; "" of a structure that has nothing there.

    marked: whether what differs from the chosen one is to be marked. bests: for each structure,
    whether no other has a better number, in rows of numbers; none where all are the same.
    chosen: which of them the others are compared with. values: the numbers behind the cells, of
    which `written` made them; none in rows of words.
    """

    group: str
    label: str
    cells: tuple[str, ...]
    marked: bool = True
    bests: tuple[bool, ...] = ()
    chosen: int = 0
    values: tuple[float | None, ...] = ()
    written: Callable[[float], str] = str

    def as_differences(self) -> Line:
        """The same, with how much more or less than the chosen one's each other number is."""
        base = self.values[self.chosen] if self.values else None
        if base is None:
            return self
        cells = list(self.cells)
        for place, value in enumerate(self.values):
            if place == self.chosen or value is None or cells[place] == "failed":
                continue
            if cells[place] == self.cells[self.chosen]:
                cells[place] = SAME
            else:
                more = value - base
                cells[place] = f"{'+' if more > 0 else '-'}{self.written(abs(more))}"
        return replace(self, cells=tuple(cells), bests=tuple(False for _ in self.bests))

    @property
    def others(self) -> tuple[bool, ...]:
        """For each structure, whether it differs from the chosen one and that is to be marked.

        No block is another than the chosen one's, but an unknown number differs from nothing.
        """
        chosen = self.cells[self.chosen]
        return tuple(
            self.marked and cell not in (chosen, SAME) and bool(not self.bests or (cell and chosen))
            for cell in self.cells
        )

    @property
    def marks(self) -> tuple[str, ...]:
        """What stands before each cell: a sign that it is the best, or another, or nothing."""
        bests = self.bests or (False,) * len(self.cells)
        return tuple(
            BEST if best else MARK if other else "" for best, other in zip(bests, self.others)
        )

    @property
    def differs(self) -> bool:
        """Whether any of them does."""
        return any(self.others)


def layout(
    lines: Sequence[Line],
    names: Sequence[str],
    width: int,
    beside: Sequence[Line] = (),
    chosen: int = 0,
) -> list[list[Piece]]:
    """The lines as a table of pieces, as wide as there is room for, under the names.

    beside: those of another table, whose columns then stand at the same places. chosen: which
    of the structures the others are compared with.
    """
    every = [*lines, *beside]
    labels = max((len(line.label) for line in every), default=0)
    groups = max((len(line.group) for line in every), default=0)
    left = groups + 1 + labels
    longest = max((len(cell) for line in every for cell in line.cells), default=0) + 1
    column = max(NARROWEST, longest, min((width - left) // len(names) - 1, 18))
    headings = [wrap(name, column) or [""] for name in names]
    rows: list[list[Piece]] = []
    for number in range(max(map(len, headings))):
        cells = [heading[number] if number < len(heading) else "" for heading in headings]
        roles = ["chosen" if place == chosen else "head" for place in range(len(cells))]
        heads = [(f" {cell:>{column}}", role) for cell, role in zip(cells, roles)]
        rows.append([(" " * left, "label"), *heads])
    before = None
    for line in lines:
        group = line.group if line.group != before else ""
        before = line.group or before
        row: list[Piece] = [(f"{group:<{groups}} ", "level"), (f"{line.label:<{labels}}", "label")]
        for cell, mark in zip(line.cells, line.marks):
            row.append((f" {mark + cell:>{column}}", _ROLES[mark]))
        rows.append(row)
    return rows


def least_width(count: int) -> int:
    """Characters that a table of so many structures needs."""
    return 16 + count * (NARROWEST + 2)
