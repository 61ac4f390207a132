"""Dots and curves in a plane of two quantities, as characters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.plot.canvas import nice_step
from maedet_tui.widgets.plot.grid import Grid, Run, cells, lay, levels

#: least rows and columns for anything to be seen
_FEWEST = (3, 16)


class Layer(NamedTuple):
    """Points of one look. mark: drawn at each; empty for a step curve through them. key: names
    a style. names: written beside the points, as long as there is room."""

    points: Sequence[tuple[float, float]]
    mark: str
    key: str
    names: Sequence[str] = ()


class Plane(NamedTuple):
    """What is drawn, the later layers over the earlier ones. ticks: (x, text) in place of
    numbers along the x axis. low: no lower than this does the y axis begin; what is below is
    drawn at its foot."""

    layers: tuple[Layer, ...]
    x_name: str
    format_x: Callable[[float], str]
    format_y: Callable[[float], str]
    ticks: tuple[tuple[float, str], ...] = ()
    low: float | None = None


class Area(NamedTuple):
    """So many cells, from x = start to end and y = low to high."""

    columns: int
    rows: int
    start: float
    end: float
    low: float
    high: float

    def row_of(self, y: float, dots: int) -> int:
        """Of so many rows of dots the one where y is, or would be as near as can be."""
        place = round((self.high - y) / (self.high - self.low) * (dots - 1))
        return min(max(place, 0), dots - 1)


# of the courses of many searches few change between two looks
@lru_cache(maxsize=512)
def _curve(
    points: tuple[tuple[float, float], ...], area: Area, braille: bool
) -> tuple[tuple[int, int, int], ...]:
    """The cells that a step curve goes through, as `cells` has them."""
    across, down = (2, 4) if braille else (1, 1)
    found = levels(points, area.columns * across, area.start, area.end)
    return cells(
        [None if y is None else area.row_of(y, area.rows * down) for y in found], down, across
    )


def draw(plane: Plane, width: int, height: int, glyphs: Glyphs) -> list[list[Run]]:
    """`height` lines of styled text, or none if there is no room or nothing to draw."""
    points = [point for layer in plane.layers for point in layer.points]
    rows = height - 2
    if not points or rows < _FEWEST[0] or width < _FEWEST[1]:
        return []
    ys = [y for _, y in points]
    low, high, y_step = _axis(max(min(ys), plane.low or min(ys)), max(ys), max(rows // 4, 2))
    y_ticks = [low + y_step * i for i in range(round((high - low) / y_step) + 1)]
    left = max(len(plane.format_y(tick)) for tick in y_ticks) + 1
    columns = width - left - 2
    if columns < _FEWEST[1] // 2:
        return []
    xs = [x for x, _ in points]
    start, end, x_step = _axis(min(xs), max(xs), max(columns // 12, 2))

    def column_of(x: float) -> int:
        return min(int((x - start) / (end - start) * columns), columns - 1)

    area = Area(columns, rows, start, end, low, high)
    grid = Grid(columns, rows)
    for layer in plane.layers:
        if layer.mark:
            for x, y in layer.points:
                grid.put(column_of(x), area.row_of(y, rows), layer.mark, layer.key)
        elif layer.points:
            found = _curve(tuple(layer.points), area, glyphs.braille)
            lay(grid, found, layer.key, "" if glyphs.braille else glyphs.dot)
    for layer in plane.layers:
        for (x, y), name in zip(layer.points, layer.names):
            _name(grid, column_of(x), area.row_of(y, rows), name, layer.key)
    at = {area.row_of(tick, rows): plane.format_y(tick) for tick in y_ticks}
    drawn: list[list[Run]] = [
        [
            (at.get(y, "").rjust(left - 1) + " ", "axis"),
            (glyphs.y_tick if y in at else glyphs.vertical, "axis"),
            *grid.runs(y),
        ]
        for y in range(rows)
    ]
    ticks = plane.ticks or tuple(
        (x_step * i, plane.format_x(x_step * i))
        for i in range(math.ceil(start / x_step), int(end / x_step + 1e-9) + 1)
    )
    line, text = [glyphs.horizontal] * columns, [" "] * (columns + 1)
    free = 0
    for x, label in ticks:
        column = column_of(x)
        line[column] = glyphs.x_tick
        place = min(max(column - len(label) // 2, 0), max(columns - len(label), 0))
        room = columns - (len(plane.x_name) + 2 if plane.x_name else 0)
        if place >= free and place + len(label) <= room:
            text[place : place + len(label)] = label
            free = place + len(label) + 1
    name = plane.x_name[:columns]
    text[len(text) - len(name) :] = name
    return [
        *drawn,
        [(" " * left + glyphs.corner + "".join(line), "axis")],
        [(" " * (left + 1) + "".join(text), "axis")],
    ]


def _axis(low: float, high: float, parts: int) -> tuple[float, float, float]:
    """(lowest, highest, step) of an axis with round ticks that holds both."""
    if high <= low:
        margin = max(abs(low) * 0.01, 0.5)
        low, high = low - margin, high + margin
    step = nice_step(high - low, parts)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def _name(grid: Grid, x: int, y: int, name: str, key: str) -> None:
    """Write a name beside a point, right or left of it, where nothing is in the way."""
    for start in (x + 2, x - 1 - len(name)):
        cells = range(start, start + len(name))
        inside = cells.start >= 0 and cells.stop <= grid.width
        if inside and all(grid.chars[y][cell] == " " for cell in cells):
            for cell, character in zip(cells, name):
                grid.put(cell, y, character, key)
            return
