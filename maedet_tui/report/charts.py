"""Curves as inline SVG: axes, lines that are named where they end, and no script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from maedet_tui import formatting
from maedet_tui.report.markup import Markup, element

#: of the drawing, and of what the axes' numbers and the lines' names take of it
WIDTH, HEIGHT = 360.0, 216.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 48.0, 12.0, 26.0
#: between the lines of two names; of a letter in one
LINE, LETTER = 11.0, 6.3
#: most points that a curve is drawn with
MOST = 300

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Curve:
    """A line. name: what stands at its end. look: its class in the style sheet."""

    name: str
    look: str
    points: Points


@dataclass(frozen=True)
class Chart:
    """What is drawn.

    title: what it shows, with its unit. x_name: of the axis below. levels: lines across by
    name. switch: iteration at which fine mutation began. dots: single points; marked: those with
    a name. bands: lower and upper edges of filled areas behind the lines. from_zero: whether
    the upright axis begins there; else at `low`, or at the lowest value. decades: the values
    are logarithms to base 10, with ticks at whole ones. counted: x is a number of something,
    with ticks at whole ones.
    """

    title: str
    curves: Sequence[Curve] = ()
    x_name: str = "iteration"
    format_y: Callable[[float], str] = formatting.short_quantity
    levels: Sequence[tuple[str, float]] = ()
    switch: int | None = None
    dots: Points = ()
    marked: Sequence[tuple[str, float, float]] = ()
    bands: Sequence[tuple[Points, Points]] = ()
    from_zero: bool = True
    low: float | None = None
    decades: bool = False
    counted: bool = False


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers within a range, at most so many."""
    span = high - low
    if not span > 0:
        return [low]
    step = 10.0 ** floor(log10(span))
    for part in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0):
        if span / (step * part) <= most:
            step *= part
            break
    first = -floor(-low / step)
    return [step * n for n in range(first, floor(high / step + 1e-9) + 1)]


def draw(chart: Chart) -> Markup:
    """The chart as a figure."""
    points = [point for curve in chart.curves for point in curve.points]
    points += [*chart.dots, *((x, y) for _, x, y in chart.marked)]
    if not points:
        return element("figure")
    values = [y for _, y in points] + [y for _, y in chart.levels]
    low = min(values) if chart.low is None else min([chart.low, *(y for _, y in chart.levels)])
    x_range = _widened(min(x for x, _ in points), max(x for x, _ in points))
    y_range = _widened(0.0 if chart.from_zero else low, max(values), margin=0.05)
    if chart.decades:
        y_range = _widened(float(floor(low)), float(ceil(max(values))))
    scale = _Scale(x_range, y_range)
    held = [_clipped(_thinned(curve.points), y_range[0]) for curve in chart.curves]
    drawing = element(
        "svg",
        element("title", chart.title),
        _axes(chart, scale),
        [_band(edges, scale) for edges in chart.bands],
        [_level(name, y, scale) for name, y in chart.levels],
        _switch(chart.switch, scale),
        [
            element("polyline", points=scale.path(line), class_=f"line {curve.look}")
            for curve, line in zip(chart.curves, held)
            if line
        ],
        [
            element("circle", cx=scale.x(x), cy=scale.y(y), r=2.2, class_="dot")
            for x, y in chart.dots
        ],
        _marked(chart, scale),
        _names(chart, held, scale),
        viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        role="img",
    )
    return element("figure", element("figcaption", chart.title), drawing)


class _Scale:
    """From values to places in the drawing."""

    def __init__(self, xs: tuple[float, float], ys: tuple[float, float]):
        self.xs, self.ys = xs, ys

    def x(self, value: float) -> float:
        low, high = self.xs
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low)

    def y(self, value: float) -> float:
        low, high = self.ys
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)

    def path(self, points: Points) -> str:
        return " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)


def _widened(low: float, high: float, margin: float = 0.0) -> tuple[float, float]:
    """A range that is one, with room above."""
    if high <= low:
        return low - 0.5 * (abs(low) or 1.0), low + 0.5 * (abs(low) or 1.0)
    return low, high + margin * (high - low)


def _thinned(points: Points) -> Points:
    """At most MOST of them, the last one included."""
    every = -(-len(points) // MOST)
    return [*points[:-1:every], points[-1]] if every > 1 else points


def _clipped(points: Points, low: float) -> Points:
    """Without those below the axis."""
    return [(x, y) for x, y in points if y >= low]


def _axes(chart: Chart, scale: _Scale) -> list[Markup]:
    bottom = HEIGHT - BOTTOM
    parts = []
    whole = range(ceil(scale.ys[0]), floor(scale.ys[1]) + 1)
    for value in map(float, whole) if chart.decades else ticks(*scale.ys):
        y = scale.y(value)
        parts += [
            element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"),
            element("text", chart.format_y(value), x=LEFT - 5, y=y + 3.5, class_="tick end"),
        ]
    for value in ticks(*scale.xs):
        if chart.counted and value % 1:
            continue
        x = scale.x(value)
        parts.append(
            element("text", formatting.short_quantity(value), x=x, y=bottom + 13, class_="tick mid")
        )
    parts += [
        element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=bottom, y2=bottom, class_="axis"),
        element("text", chart.x_name, x=WIDTH - RIGHT, y=bottom + 24, class_="tick end"),
    ]
    return parts


def _band(edges: tuple[Points, Points], scale: _Scale) -> Markup:
    """What lies between two edges, as far as it is above the axis."""
    least, most = scale.ys
    low, high = ([(x, min(max(y, least), most)) for x, y in _thinned(edge)] for edge in edges)
    return element("polygon", points=scale.path([*high, *reversed(low)]), class_="band")


def _marked(chart: Chart, scale: _Scale) -> list[Markup]:
    """Points with names, which stand beside them: on the left where the right has no room, and
    below one that is there already."""
    parts: list[Markup] = []
    taken: list[tuple[float, float, float]] = []
    for name, value_x, value_y in sorted(chart.marked, key=lambda one: -one[2]):
        x, y, width = scale.x(value_x), scale.y(value_y) + 3.5, LETTER * len(name)
        left = x + 6 + width > WIDTH
        start = x - 6 - width if left else x + 6
        while any(
            start < end and begin < start + width and abs(y - other) < LINE
            for begin, end, other in taken
        ):
            y += LINE
        taken.append((start, start + width, y))
        parts += [
            element("circle", cx=x, cy=scale.y(value_y), r=3.5, class_="marked"),
            element("text", name, x=x - 6 if left else x + 6, y=y,
                    class_="name end" if left else "name"),
        ]  # fmt: skip
    return parts


def _level(name: str, y: float, scale: _Scale) -> list[Markup]:
    at = scale.y(y)
    return [
        element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=at, y2=at, class_="level"),
        element("text", name, x=WIDTH - RIGHT - 4, y=at + LINE, class_="tick end"),
    ]


def _switch(iteration: int | None, scale: _Scale) -> list[Markup]:
    """Where fine mutation began."""
    if iteration is None or not scale.xs[0] <= iteration <= scale.xs[1]:
        return []
    x = scale.x(iteration)
    return [
        element("line", x1=x, x2=x, y1=TOP, y2=HEIGHT - BOTTOM, class_="level"),
        element("text", "fine", x=x + 3, y=HEIGHT - BOTTOM - 4, class_="tick"),
    ]


def _names(chart: Chart, held: Sequence[Points], scale: _Scale) -> list[Markup]:
    """The names at the ends of the lines, moved apart where these end close together."""
    ends = sorted(
        ((scale.y(line[-1][1]), scale.x(line[-1][0]), curve.name, curve.look)
         for curve, line in zip(chart.curves, held) if line)
    )  # fmt: skip
    lowest = HEIGHT - BOTTOM - LINE * (len(ends) - 1)
    parts, above = [], TOP - LINE
    for number, (y, x, name, look) in enumerate(ends):
        above = min(max(y, above + LINE), lowest + LINE * number)
        parts.append(element("text", name, x=x + 4, y=above + 3.5, class_=f"name {look}"))
    return parts
