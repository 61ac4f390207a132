"""Charts as characters: axes, curves or stacks, and names, with no widget and no colour in sight.

A search waits while its curves are drawn, in the same interpreter. Five step curves in
80x20 take two milliseconds here and thirteen times as long with plotext, the library for it
(`python -m benchmarks ui --parts plotext`; docs/benchmarks.md has the figures).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from maedet_tui.course.curves import Band
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.plot.grid import Grid, Run, curve, levels, spread, stack

#: columns of curves for which values, then names, are left out of the legend
LEAST = 18
#: columns between two markers on a curve
_MARKER_EVERY = 15


class Series(NamedTuple):
    """A step curve: each value holds until the next x. `key` names its style."""

    key: str
    label: str
    marker: str
    points: Sequence[tuple[float, float]]


class Chart(NamedTuple):
    """What is plotted.

    x_start, x_end: ends of the x axis. low: where the y axis begins;
    what lies below is drawn at its foot. format_y, format_x: for ticks; format_value:
    for the values in the legend. switch: x of the change from coarse to fine, if it
    happened. reference: (label, y) of a horizontal line to compare with. cursor: x
    whose values the legend gives, else the newest. stacked: the series stand on one
    another, the first at the foot. whole: its values are whole numbers. decades: they are
    logarithms to base 10, with ticks at whole ones.
    bands: behind them, of (x, lower y, higher y); they have no say in where the y axis ends.
    """

    series: tuple[Series, ...]
    x_end: float
    low: float
    format_y: Callable[[float], str]
    format_x: Callable[[float], str]
    format_value: Callable[[float], str]
    switch: float | None = None
    reference: tuple[str, float] | None = None
    x_start: float = 0.0
    cursor: float | None = None
    stacked: bool = False
    whole: bool = False
    bands: tuple[Band, ...] = ()
    decades: bool = False

    def column(self, x: float, columns: int) -> int | None:
        """The column that x falls into, if it is between the ends."""
        if not self.x_start <= x <= self.x_end:
            return None
        share = (x - self.x_start) / (self.x_end - self.x_start)
        return min(int(share * columns), columns - 1)


class Named(NamedTuple):
    """A line of the legend: where it would like to stand, and what it says."""

    y: float
    text: str
    key: str


def nice_step(span: float, parts: int) -> float:
    """The step 1, 2, 2.5 or 5 times a power of ten that cuts `span` into at most `parts`."""
    raw = span / max(parts, 1)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return next(step * power for step in (1, 2, 2.5, 5, 10, 20) if step * power >= raw * 0.999)


def on_top(series: Sequence[Series]) -> tuple[Series, ...]:
    """Series whose x agree, each raised by those before it."""
    raised: list[Series] = []
    for one in series:
        points = one.points
        if raised:
            points = [(x, y + below) for (x, y), (_, below) in zip(points, raised[-1].points)]
        raised.append(one._replace(points=points))
    return tuple(raised)


def y_axis(chart: Chart, rows: int) -> tuple[float, float, float]:
    """(lowest, highest, step) of the y axis, so that every value fits and ticks are round."""
    values = [y for series in chart.series for _, y in series.points]
    if chart.reference:
        values.append(chart.reference[1])
    low, high = chart.low, max(values, default=1.0)
    if high <= low:
        high = low + max(1.0, abs(low) * 0.01)
    step = nice_step(high - low, max(rows // 4, 2))
    if chart.decades:
        step = float(max(math.ceil(step), 1))
    if chart.whole and step % 1:  # there is no half of a layer
        step = 5.0 if step == 2.5 else 1.0
    return math.floor(low / step) * step, math.ceil(high / step - 1e-9) * step, step


def _fill(band: Band, glyphs: Glyphs) -> str:
    """What a band is filled with; plain characters have no shades."""
    return glyphs.fills[band.depth] if glyphs.braille else ".:"[band.depth]


def _legend(chart: Chart, glyphs: Glyphs) -> list[Named]:
    """Names and values of the series and bands, at the cursor or at their newest."""
    named, below = [], 0.0
    for band in chart.bands:
        known = [p for p in band.points if chart.cursor is None or p[0] <= chart.cursor]
        for _, foot, _ in (known or band.points)[-1:]:
            text = f"{_fill(band, glyphs)} {band.label} {chart.format_value(foot)}"
            named.append(Named(max(foot, chart.low), text, "band"))
    for series, raised in zip(
        chart.series, on_top(chart.series) if chart.stacked else chart.series
    ):
        at = -1
        if chart.cursor is not None:
            before = [i for i, (x, _) in enumerate(series.points) if x <= chart.cursor]
            at = before[-1] if before else 0
        if not series.points:
            continue
        top, value = raised.points[at][1], series.points[at][1]
        text = f"{series.marker} {series.label} {chart.format_value(value)}"
        # the name of a band stands at its middle
        named.append(Named((below + top) / 2 if chart.stacked else top, text, series.key))
        below = top
    if chart.reference:
        named.append(Named(chart.reference[1], f"  {chart.reference[0]}", "reference"))
    return sorted(named, reverse=True)


class Frame(NamedTuple):
    """How a chart is laid out: the y axis and what is written at it, then `left` columns,
    the axis itself, `columns` of curves and `right` of legend."""

    low: float
    high: float
    ticks: tuple[float, ...]
    legend: list[Named]
    left: int
    columns: int
    right: int
    rows: int

    @property
    def fits(self) -> bool:
        """Whether there is room for anything."""
        return self.rows >= 3 and self.columns >= 10


def frame(chart: Chart, width: int, height: int, glyphs: Glyphs) -> Frame:
    """The layout of a chart that is `width` x `height`, axes and legend included."""
    rows = height - 2
    shown = chart._replace(series=on_top(chart.series)) if chart.stacked else chart
    low, high, step = y_axis(shown, rows)
    ticks = tuple(low + step * i for i in range(round((high - low) / step) + 1))
    left = max(len(chart.format_y(tick)) for tick in ticks) + 1
    legend = _legend(chart, glyphs)
    right = max((len(named.text) for named in legend), default=0) + 1
    room = width - left - 1
    if right > room - LEAST:  # rather no values than no curves
        legend = [named._replace(text=" ".join(named.text.split()[:2])) for named in legend]
        right = max((len(named.text) for named in legend), default=0) + 1
    if right > room - LEAST:
        legend, right = [], 0
    return Frame(low, high, ticks, legend, left, width - left - 1 - right, right, rows)


def draw(chart: Chart, width: int, height: int, glyphs: Glyphs) -> list[list[Run]]:
    """`height` lines of styled text, each `width` wide, or none if there is no room."""
    layout = frame(chart, width, height, glyphs)
    if not layout.fits:
        return []
    low, high, ticks, legend, left, columns, right, rows = layout
    shown = chart._replace(series=on_top(chart.series)) if chart.stacked else chart
    across, down = (2, 4) if glyphs.braille and not chart.stacked else (1, 1)

    def dot_row(y: float, dots: int) -> int:
        return min(max(round((high - y) / (high - low) * (dots - 1)), 0), dots - 1)

    def cell_row(y: float) -> int:
        return dot_row(y, rows * down) // down

    grid = Grid(columns, rows)
    if chart.reference:
        for x in range(columns):
            grid.put(x, cell_row(chart.reference[1]), glyphs.dash, "reference")
    marks = ((chart.switch, glyphs.switch, "switch"), (chart.cursor, glyphs.vertical, "cursor"))
    lines = [
        (column, char, key)
        for at, char, key in marks
        if at is not None and (column := chart.column(at, columns)) is not None
    ]
    for band in chart.bands:
        ends = (chart.x_start, chart.x_end)
        feet = levels([(x, y) for x, y, _ in band.points], columns, *ends)
        tops = levels([(x, y) for x, _, y in band.points], columns, *ends)
        for x, (foot, top) in enumerate(zip(feet, tops)):
            if foot is not None and top is not None and top >= low:
                for y in range(cell_row(top), cell_row(max(foot, low)) + 1):
                    grid.put(x, y, _fill(band, glyphs), "band")
    for x, char, key in lines if not chart.stacked else ():
        grid.column(x, char, key)
    values = [
        levels(series.points, columns * across, chart.x_start, chart.x_end)
        for series in shown.series
    ]
    if chart.stacked:
        fills = glyphs.fills
        bands = [
            (series.key, fills[i % len(fills)], found)
            for i, (series, found) in enumerate(zip(shown.series, values))
        ]
        stack(grid, bands, lambda y: rows - round((y - low) / (high - low) * rows))
        for x, char, key in lines:
            grid.column(x, char, key)
        _mark_bands(grid, shown, values, lambda y: (y - low) / (high - low) * rows)
    else:
        curves = [
            [None if y is None else dot_row(y, rows * down) for y in found] for found in values
        ]
        for series, dots in zip(shown.series, curves):
            curve(grid, dots, series.key, down, across, series.marker)
        for index, (series, dots) in enumerate(zip(shown.series, curves)):
            for x in range(2 + index * 3, len(dots) // across, _MARKER_EVERY):
                if (dot := dots[x * across]) is not None:
                    grid.put(x, dot // down, series.marker, series.key)
    for x, _, key in lines:
        if key == "switch":
            grid.name(x, "fine", key)

    labels: dict[int, Run] = {}
    wanted = [cell_row(named.y) for named in legend]
    for row, named in zip(spread(wanted, rows), legend):
        labels[row] = (f" {named.text}".ljust(right), named.key)
    tick_rows = {cell_row(tick): chart.format_y(tick) for tick in ticks}
    drawn = [
        [
            (tick_rows.get(y, "").rjust(left - 1) + " ", "axis"),
            (glyphs.y_tick if y in tick_rows else glyphs.vertical, "axis"),
            *grid.runs(y),
            labels.get(y, (" " * right, "")),
        ]
        for y in range(rows)
    ]
    return drawn + _x_axis(chart, left, columns, right, glyphs)


def _mark_bands(
    grid: Grid,
    chart: Chart,
    values: Sequence[Sequence[float | None]],
    height: Callable[[float], float],
) -> None:
    """Write the marker of each series into its band, where the band is a row high."""
    for x in range(2, grid.width, _MARKER_EVERY):
        foot = 0.0
        for series, found in zip(chart.series, values):
            if x < len(found) and (y := found[x]) is not None:
                top = height(y)
                if top - foot >= 1:
                    grid.put(x, grid.height - 1 - int((top + foot) / 2), series.marker, series.key)
                foot = top


def _x_axis(chart: Chart, left: int, columns: int, right: int, glyphs: Glyphs) -> list[list[Run]]:
    """The axis line and its labels."""
    line = [glyphs.horizontal] * columns
    text = [" "] * (columns + right)
    step = nice_step(chart.x_end - chart.x_start, max(columns // 14, 2))
    name = "iterations" if chart.cursor is None else f"at {chart.cursor:,.0f}"
    # the name gives way to numbers, the cursor's place does not
    room = len(text) - (0 if chart.cursor is None else len(name) + 1)
    free = 0
    for index in range(math.ceil(chart.x_start / step), int(chart.x_end / step + 1e-9) + 1):
        x = chart.column(index * step, columns)
        if x is None:
            continue
        label = chart.format_x(index * step)
        start = max(x - len(label) // 2, 0)
        line[x] = glyphs.x_tick
        if start >= free and start + len(label) <= room:
            text[start : start + len(label)] = label
            free = start + len(label) + 2
    if chart.cursor is not None or free + len(name) <= len(text):
        text[len(text) - len(name) :] = name
    return [
        [(" " * left + glyphs.corner + "".join(line) + " " * right, "axis")],
        [(" " * (left + 1) + "".join(text), "axis")],
    ]
