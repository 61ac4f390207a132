"""Curves as characters: where each dot goes, with no widget and no colour in sight.

A search redraws its curves while it computes, on the same two cores, so this
draws five step curves in two or three milliseconds; plotext, the library for it, took
twenty times as long and held the interpreter's lock meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from maedet_tui.widgets.glyphs import Glyphs

#: bit of the Braille pattern for a dot at (column 0-1, row 0-3) of a cell
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
#: columns between two markers on a curve
_MARKER_EVERY = 15

#: (text, style key): "" for the ground, "axis", "switch", "reference", or a series' own key
Run = tuple[str, str]


class Series(NamedTuple):
    """A step curve: each value holds until the next x. `key` names its style."""

    key: str
    label: str
    marker: str
    points: Sequence[tuple[float, float]]


class Chart(NamedTuple):
    """What is plotted.

    x_end: right end of the x axis, which starts at 0. low: where the y axis begins;
    what lies below is drawn at its foot. format_y, format_x: for ticks; format_value:
    for the newest values. switch: x of the change from coarse to fine, if it happened.
    reference: (label, y) of a horizontal line to compare with.
    """

    series: tuple[Series, ...]
    x_end: float
    low: float
    format_y: Callable[[float], str]
    format_x: Callable[[float], str]
    format_value: Callable[[float], str]
    switch: float | None = None
    reference: tuple[str, float] | None = None


def nice_step(span: float, parts: int) -> float:
    """The step 1, 2, 2.5 or 5 times a power of ten that cuts `span` into at most `parts`."""
    raw = span / max(parts, 1)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return next(step * power for step in (1, 2, 2.5, 5, 10, 20) if step * power >= raw * 0.999)


def y_axis(chart: Chart, rows: int) -> tuple[float, float, float]:
    """(lowest, highest, step) of the y axis, so that every value fits and ticks are round."""
    values = [y for series in chart.series for _, y in series.points]
    if chart.reference:
        values.append(chart.reference[1])
    low, high = chart.low, max(values, default=1.0)
    if high <= low:
        high = low + max(1.0, abs(low) * 0.01)
    step = nice_step(high - low, max(rows // 4, 2))
    return math.floor(low / step) * step, math.ceil(high / step - 1e-9) * step, step


class _Grid:
    """Cells of a plot area: a character and a style key each."""

    def __init__(self, width: int, height: int):
        self.width, self.height = width, height
        self.chars = [[" "] * width for _ in range(height)]
        self.keys = [[""] * width for _ in range(height)]

    def put(self, x: int, y: int, char: str, key: str) -> None:
        if 0 <= x < self.width and 0 <= y < self.height:
            self.chars[y][x] = char
            self.keys[y][x] = key


def _levels(series: Series, columns: int, x_end: float) -> list[float]:
    """The value of a step curve at each of `columns` columns, as far as it goes."""
    levels: list[float] = []
    value = None
    for x, y in series.points:
        column = min(int(x / x_end * columns), columns - 1)
        if value is not None:
            levels.extend([value] * (column - len(levels)))
        elif column > len(levels):
            levels.extend([y] * (column - len(levels)))
        value = y
    if value is not None and len(levels) < columns:
        levels.append(value)
    return levels


def _curve(grid: _Grid, rows: list[int], key: str, down: int, across: int, char: str) -> None:
    """Draw one curve given its dot row at each dot column.

    down, across: dots in a cell (4 x 2 in Braille, else 1 x 1, drawn with `char`).
    """
    bits: dict[tuple[int, int], int] = {}
    last = rows[0] if rows else 0
    for column, row in enumerate(rows):
        first, final = (last, row) if last <= row else (row, last)
        for dot in range(first, final + 1):
            cell = (column // across, dot // down)
            bits[cell] = bits.get(cell, 0) | _DOTS[column % across][dot % down]
        last = row
    for (x, y), pattern in bits.items():
        if across == 1:
            grid.put(x, y, char, key)
        elif 0 <= x < grid.width and 0 <= y < grid.height:
            # dots of a curve below stay, in the colour of the one on top
            below = ord(grid.chars[y][x])
            under = below - 0x2800 if 0x2800 <= below < 0x2900 else 0
            grid.put(x, y, chr(0x2800 | under | pattern), key)


def _name_switch(grid: _Grid, chart: Chart) -> None:
    """Write "fine" beside the mark of the switch, in the highest row where it covers nothing."""
    if chart.switch is None or chart.switch > chart.x_end:
        return
    x = min(int(chart.switch / chart.x_end * grid.width), grid.width - 1)
    start = x + 1 if x + 5 < grid.width else max(x - 4, 0)
    for y in range(grid.height):
        if not "".join(grid.chars[y][start : start + 5]).strip():
            for offset, char in enumerate("fine"):
                grid.put(start + offset, y, char, "switch")
            return


def _spread(wanted: list[int], height: int) -> list[int]:
    """Rows for labels that would like to sit at `wanted` (sorted), one row each."""
    rows: list[int] = []
    for row in wanted:
        rows.append(max(row, rows[-1] + 1) if rows else max(row, 0))
    bottom = height - 1
    for index in range(len(rows) - 1, -1, -1):
        rows[index] = min(rows[index], bottom)
        bottom = rows[index] - 1
    return rows


def draw(chart: Chart, width: int, height: int, glyphs: Glyphs) -> list[list[Run]]:
    """`height` lines of styled text, each `width` wide, or none if there is no room."""
    rows = height - 2
    low, high, step = y_axis(chart, rows)
    ticks = [low + step * i for i in range(round((high - low) / step) + 1)]
    left = max(len(chart.format_y(tick)) for tick in ticks) + 1
    ends = [(s, f"{s.marker} {s.label} {chart.format_value(s.points[-1][1])}")
            for s in chart.series if s.points]  # fmt: skip
    right = max((len(text) for _, text in ends), default=0) + 1
    if chart.reference:
        right = max(right, len(chart.reference[0]) + 3)
    columns = width - left - 1 - right
    if rows < 3 or columns < 10:
        return []
    across, down = (2, 4) if glyphs.braille else (1, 1)
    dots = rows * down

    def dot_row(y: float) -> int:
        return min(max(round((high - y) / (high - low) * (dots - 1)), 0), dots - 1)

    grid = _Grid(columns, rows)
    if chart.reference:
        for x in range(columns):
            grid.put(x, dot_row(chart.reference[1]) // down, glyphs.dash, "reference")
    if chart.switch is not None and chart.switch <= chart.x_end:
        x = min(int(chart.switch / chart.x_end * columns), columns - 1)
        for y in range(rows):
            grid.put(x, y, glyphs.switch, "switch")
    curves = [
        [dot_row(y) for y in _levels(series, columns * across, chart.x_end)]
        for series in chart.series
    ]
    for series, curve in zip(chart.series, curves):
        _curve(grid, curve, series.key, down, across, series.marker)
    for index, (series, curve) in enumerate(zip(chart.series, curves)):
        for x in range(2 + index * 3, len(curve) // across, _MARKER_EVERY):
            grid.put(x, curve[x * across] // down, series.marker, series.key)
    _name_switch(grid, chart)

    labels: dict[int, Run] = {}
    named = sorted(
        [(s.points[-1][1], text, s.key) for s, text in ends]
        + [(y, f"  {label}", "reference") for label, y in filter(None, [chart.reference])],
        reverse=True,
    )
    wanted = [dot_row(y) // down for y, _, _ in named]
    for row, (_, text, key) in zip(_spread(wanted, rows), named):
        labels[row] = (f" {text}".ljust(right), key)
    tick_rows = {dot_row(tick) // down: chart.format_y(tick) for tick in ticks}
    lines = [
        [
            (tick_rows.get(y, "").rjust(left - 1) + " ", "axis"),
            (glyphs.y_tick if y in tick_rows else glyphs.vertical, "axis"),
            *_runs(grid.chars[y], grid.keys[y]),
            labels.get(y, (" " * right, "")),
        ]
        for y in range(rows)
    ]
    return lines + _x_axis(chart, left, columns, right, glyphs)


def _runs(chars: list[str], keys: list[str]) -> list[Run]:
    """Neighbouring cells of one style as one run."""
    runs: list[Run] = []
    start = 0
    for x in range(1, len(keys) + 1):
        if x == len(keys) or keys[x] != keys[start]:
            runs.append(("".join(chars[start:x]), keys[start]))
            start = x
    return runs


def _x_axis(chart: Chart, left: int, columns: int, right: int, glyphs: Glyphs) -> list[list[Run]]:
    """The axis line and its labels."""
    line = [glyphs.horizontal] * columns
    text = [" "] * (columns + right)
    step = nice_step(chart.x_end, max(columns // 14, 1))
    free = 0
    for index in range(int(chart.x_end / step + 1e-9) + 1):
        x = min(int(index * step / chart.x_end * columns), columns - 1)
        label = chart.format_x(index * step)
        start = max(x - len(label) // 2, 0)
        line[x] = glyphs.x_tick
        if start >= free and start + len(label) <= len(text):
            text[start : start + len(label)] = label
            free = start + len(label) + 2
    name = "iterations"
    if free + len(name) <= len(text):
        text[len(text) - len(name) :] = name
    return [
        [(" " * left + glyphs.corner + "".join(line) + " " * right, "axis")],
        [(" " * (left + 1) + "".join(text), "axis")],
    ]
