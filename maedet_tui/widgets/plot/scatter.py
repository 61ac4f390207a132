"""A population as points: Z against a cost, by age, with its front and the paper's structure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from engine.search.member import Member
from maedet_tui import formatting
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.plot.canvas import nice_step
from maedet_tui.widgets.plot.grid import Grid, Run

#: members that are drawn at most; of a larger population every so many-th
SAMPLE = 4096
#: columns of points for which the legend is left out
LEAST = 20
#: a third each of the population by age, the youngest last and so on top
_AGES = ("old", "middle", "young")


class Cloud(NamedTuple):
    """members: best first. against: the cost on the x axis, "flops" or "params". reference: cost
    and Z of a structure to compare with."""

    members: Sequence[Member]
    against: str
    reference: tuple[float, float] | None


def front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Places of those (cost, Z) than which none costs less and is as good, or the same and is
    better."""
    found: list[int] = []
    best = -math.inf
    for place in sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1])):
        if points[place][1] > best:
            found.append(place)
            best = points[place][1]
    return found


def draw_cloud(cloud: Cloud, width: int, height: int, glyphs: Glyphs) -> list[list[Run]]:
    """`height` lines of styled text, each `width` wide, or none if there is no room."""
    every = -(-len(cloud.members) // SAMPLE) or 1
    members = cloud.members[::every]
    points = [(float(getattr(m.cost, cloud.against)), m.score.z) for m in members]
    everything = points + ([cloud.reference] if cloud.reference else [])
    if not points:
        return []
    rows = height - 2
    low, high, step = _axis([y for _, y in everything], max(rows // 4, 2))
    ticks = [low + step * i for i in range(round((high - low) / step) + 1)]
    left = max(len(f"{tick:,.6g}") for tick in ticks) + 1
    signs = _signs(glyphs)
    legend = [(f" {sign} {name}", key) for name, (sign, key) in signs.items()]
    if cloud.reference is None:
        legend = [one for one in legend if one[1] != "reference"]
    right = max(len(text) for text, _ in legend) + 1
    if width - left - 1 - right < LEAST:
        legend, right = [], 0
    columns = width - left - 1 - right
    if rows < 3 or columns < 10:
        return []
    start, end, x_step = _axis([x for x, _ in everything], max(columns // 14, 2))
    grid = Grid(columns, rows)

    def put(x: float, y: float, sign: tuple[str, str]) -> None:
        column = round((x - start) / (end - start) * (columns - 1))
        grid.put(column, row_of(y), *sign)

    def row_of(y: float) -> int:
        return round((high - y) / (high - low) * (rows - 1))

    by_age = sorted(range(len(members)), key=lambda i: members[i].born)
    for rank, place in enumerate(by_age):
        put(*points[place], signs[_AGES[3 * rank // len(by_age)]])
    for place in front(points):
        put(*points[place], signs["front"])
    if cloud.reference is not None:
        put(*cloud.reference, signs["paper"])
    named = {row_of(tick): f"{tick:,.6g}" for tick in ticks}
    return [
        [
            (named.get(y, "").rjust(left - 1) + " ", "axis"),
            (glyphs.y_tick if y in named else glyphs.vertical, "axis"),
            *grid.runs(y),
            (legend[y][0].ljust(right), legend[y][1]) if y < len(legend) else (" " * right, ""),
        ]
        for y in range(rows)
    ] + _x_axis(cloud.against, (start, end, x_step), left, columns, right, glyphs)


def _signs(glyphs: Glyphs) -> dict[str, tuple[str, str]]:
    """What stands in the legend -> its character and style key."""
    young, middle, old, best = "●○·◆" if glyphs.braille else "o+.*"
    return {
        "young": (young, "young"),
        "middle": (middle, "middle"),
        "old": (old, "old"),
        "front": (best, "z"),
        "paper": ("P", "reference"),
    }


def _axis(values: Sequence[float], parts: int) -> tuple[float, float, float]:
    """(lowest, highest, step) of an axis that holds the values, with round ends."""
    low, high = min(values), max(values)
    if high <= low:
        high = low + max(1.0, abs(low) * 0.01)
    step = nice_step(high - low, parts)
    return math.floor(low / step) * step, math.ceil(high / step - 1e-9) * step, step


def _x_axis(
    name: str,
    axis: tuple[float, float, float],
    left: int,
    columns: int,
    right: int,
    glyphs: Glyphs,
) -> list[list[Run]]:
    start, end, step = axis
    line, text = [glyphs.horizontal] * columns, [" "] * (columns + right)
    called, free = {"flops": "FLOPs"}.get(name, name), 0
    for index in range(round((end - start) / step) + 1):
        x = round(index * step / (end - start) * (columns - 1))
        line[x] = glyphs.x_tick
        label = formatting.short_quantity(start + index * step)
        place = max(min(x - len(label) // 2, len(text) - len(label)), 0)
        if place >= free:
            text[place : place + len(label)] = label
            free = place + len(label) + 2
    if free + len(called) <= len(text):
        text[len(text) - len(called) :] = called
    return [
        [(" " * left + glyphs.corner + "".join(line) + " " * right, "axis")],
        [(" " * (left + 1) + "".join(text), "axis")],
    ]
