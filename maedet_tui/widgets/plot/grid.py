"""Cells of a plot's area, and how curves and stacks are drawn into them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

#: bit of the Braille pattern for a dot at (column 0-1, row 0-3) of a cell
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))

#: (text, style key): "" for the ground, "axis", "switch", "reference", or a series' own key
Run = tuple[str, str]


class Grid:
    """A character and a style key for each cell."""

    def __init__(self, width: int, height: int):
        self.width, self.height = width, height
        self.chars = [[" "] * width for _ in range(height)]
        self.keys = [[""] * width for _ in range(height)]

    def put(self, x: int, y: int, char: str, key: str) -> None:
        """Write into a cell, if there is such a cell."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self.chars[y][x] = char
            self.keys[y][x] = key

    def column(self, x: int, char: str, key: str) -> None:
        """A vertical line from top to bottom."""
        for y in range(self.height):
            self.put(x, y, char, key)

    def name(self, x: int, text: str, key: str) -> None:
        """Write beside column x, in the highest row where it covers nothing, if any."""
        size = len(text)
        start = x + 1 if x + 1 + size <= self.width else max(x - size, 0)
        free = (
            y
            for y in range(self.height)
            if not "".join(self.chars[y][start : start + size + 1]).strip()
        )
        y = next(free, 0)
        for offset, char in enumerate(text):
            self.put(start + offset, y, char, key)

    def runs(self, y: int) -> list[Run]:
        """A row, its neighbouring cells of one style together."""
        chars, keys = self.chars[y], self.keys[y]
        runs: list[Run] = []
        start = 0
        for x in range(1, len(keys) + 1):
            if x == len(keys) or keys[x] != keys[start]:
                runs.append(("".join(chars[start:x]), keys[start]))
                start = x
        return runs


def levels(
    points: Sequence[tuple[float, float]], columns: int, start: float, end: float
) -> list[float | None]:
    """The value of a step curve at each of `columns` columns from x = start to end, as far
    as it goes; None before its first point."""
    found: list[float | None] = []
    value = None
    for x, y in points:
        if x > end:
            break
        column = min(max(int((x - start) / (end - start) * columns), 0), columns - 1)
        found.extend([value] * (column - len(found)))
        value = y
    if value is not None and len(found) < columns:
        found.append(value)
    return found


def curve(
    grid: Grid, rows: Sequence[int | None], key: str, down: int, across: int, char: str
) -> None:
    """Draw one curve given its dot row at each dot column.

    down, across: dots in a cell (4 x 2 in Braille, else 1 x 1, drawn with `char`).
    """
    lay(grid, cells(rows, down, across), key, char if across == 1 else "")


def cells(rows: Sequence[int | None], down: int, across: int) -> tuple[tuple[int, int, int], ...]:
    """(x, y, Braille bits) of each cell that a curve goes through; the rest as for `curve`."""
    bits: dict[tuple[int, int], int] = {}
    last = None
    for column, row in enumerate(rows):
        if row is None:
            continue
        if last is None:
            last = row
        first, final = (last, row) if last <= row else (row, last)
        for dot in range(first, final + 1):
            cell = (column // across, dot // down)
            bits[cell] = bits.get(cell, 0) | _DOTS[column % across][dot % down]
        last = row
    return tuple((x, y, pattern) for (x, y), pattern in bits.items())


def lay(grid: Grid, curved: Sequence[tuple[int, int, int]], key: str, char: str) -> None:
    """Write the cells of a curve. char: into each of them; empty: their Braille bits."""
    for x, y, pattern in curved:
        if char:
            grid.put(x, y, char, key)
        else:
            # dots of a curve below stay, in the colour of the one on top
            below = ord(grid.chars[y][x])
            under = below - 0x2800 if 0x2800 <= below < 0x2900 else 0
            grid.put(x, y, chr(0x2800 | under | pattern), key)


def stack(
    grid: Grid,
    bands: Sequence[tuple[str, str, Sequence[float | None]]],
    row: Callable[[float], int],
) -> None:
    """Fill the space between one curve and the next.

    bands: (style key, character, value at each column), the lowest first. row: of a value;
    the row below the last one is where the lowest band begins.
    """
    for x in range(grid.width):
        foot = grid.height
        for key, char, values in bands:
            value = values[x] if x < len(values) else None
            if value is None:
                continue
            top = min(row(value), foot)
            for y in range(top, foot):
                grid.put(x, y, char, key)
            foot = top


def spread(wanted: list[int], height: int) -> list[int]:
    """Rows for labels that would like to sit at `wanted` (sorted), one row each."""
    rows: list[int] = []
    for row in wanted:
        rows.append(max(row, rows[-1] + 1) if rows else max(row, 0))
    bottom = height - 1
    for index in range(len(rows) - 1, -1, -1):
        rows[index] = min(rows[index], bottom)
        bottom = rows[index] - 1
    return rows
