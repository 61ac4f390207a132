"""Dots and curves in a plane of two quantities, as characters."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.plot.canvas import nice_step
from maedet_tui.widgets.plot.grid import Grid, Run, curve, levels

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

    def row_of(y: float, dots: int) -> int:
        return min(max(round((high - y) / (high - low) * (dots - 1)), 0), dots - 1)

    def column_of(x: float) -> int:
        return min(int((x - start) / (end - start) * columns), columns - 1)

    across, down = (2, 4) if glyphs.braille else (1, 1)
    grid = Grid(columns, rows)
    for layer in plane.layers:
        if layer.mark:
            for x, y in layer.points:
                grid.put(column_of(x), row_of(y, rows), layer.mark, layer.key)
        elif layer.points:
            found = levels(layer.points, columns * across, start, end)
            dots = [None if y is None else row_of(y, rows * down) for y in found]
            curve(grid, dots, layer.key, down, across, glyphs.dot)
    for layer in plane.layers:
        for (x, y), name in zip(layer.points, layer.names):
            _name(grid, column_of(x), row_of(y, rows), name, layer.key)
    at = {row_of(tick, rows): plane.format_y(tick) for tick in y_ticks}
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
