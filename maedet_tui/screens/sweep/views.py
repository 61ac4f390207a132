"""What there is to see of a sweep: the front, the courses of its searches, the spread of seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from maedet_tui import formatting
from maedet_tui.screens.sweep.plane import Layer, Plane
from maedet_tui.sweep.follow import Course, Seen
from maedet_tui.sweep.spread import spreads
from maedet_tui.widgets.glyphs import Glyphs

_PLAIN = "{:,.6g}".format


class Known(NamedTuple):
    """A published structure under the sweep's objective."""

    name: str
    flops: int
    z: float


class View(NamedTuple):
    """One of the plots. plane: of what was seen, the number of the marked search, and the
    published structures."""

    name: str
    key: str
    tab: str
    title: str
    plane: Callable[[Seen, int, Sequence[Known], Glyphs], Plane]


def front(seen: Seen, marked: int, known: Sequence[Known], glyphs: Glyphs) -> Plane:
    """Z against FLOPs, of whatever has been found so far; the front is marked as such."""
    found = [
        (float(one.flops), one.z, one.number)
        for one in seen.standing.searches
        if one.flops is not None and one.z is not None
    ]
    best: list[tuple[float, float]] = []
    beaten: list[tuple[float, float]] = []
    top = float("-inf")
    for x, y, _ in sorted(found, key=lambda one: (one[0], -one[1])):
        (best if y > top else beaten).append((x, y))
        top = max(top, y)
    here = [(x, y) for x, y, number in found if number == marked]
    published = [(float(one.flops), one.z) for one in known] if found else []
    markers = glyphs.markers
    return Plane(
        (
            Layer(published, glyphs.times, "reference", [one.name for one in known]),
            Layer(beaten, markers[0], "axis"),
            Layer(best, "", "front"),
            Layer(best, markers[-1], "front"),
            Layer(here, glyphs.running, "cursor"),
        ),
        "FLOPs",
        formatting.short_quantity,
        _PLAIN,
    )


def courses(seen: Seen, marked: int, known: Sequence[Known], glyphs: Glyphs) -> Plane:
    """Z of the best against iterations, of all searches, the marked one on top."""
    numbers = sorted(seen.courses, key=lambda number: number == marked)
    layers = []
    for number in numbers:
        key = "cursor" if number == marked else f"stage-{number % 5 + 1}"
        layers.append(Layer(seen.courses[number], "", key))
    # the first steps up are so steep that they would flatten all the others
    low = min((_soon(course) for course in seen.courses.values() if course), default=None)
    return Plane(tuple(layers), "iterations", formatting.short_quantity, _PLAIN, (), low)


def _soon(course: Course) -> float:
    """Z after a tenth of a course."""
    early = course[-1][0] / 10
    return next((z for x, z in reversed(course) if x <= early), course[0][1])


def spread(seen: Seen, marked: int, known: Sequence[Known], glyphs: Glyphs) -> Plane:
    """Z of all seeds of each combination, side by side, with their mean."""
    groups = spreads(seen.standing.searches)
    each = [(float(x), one) for x, group in enumerate(groups) for one in group.searches]
    means = [(float(x), group.mean) for x, group in enumerate(groups)]
    ticks = tuple((float(x), group.name) for x, group in enumerate(groups))
    return Plane(
        (
            Layer(means, glyphs.dash, "front"),
            Layer([(x, one.z or 0.0) for x, one in each], glyphs.markers[0], "axis"),
            Layer(
                [(x, one.z or 0.0) for x, one in each if one.number == marked],
                glyphs.running,
                "cursor",
            ),
        ),
        "",
        _PLAIN,
        _PLAIN,
        ticks,
    )


VIEWS = (
    View("front", "1", "Front", "best Z against its FLOPs", front),
    View("courses", "2", "Courses", "best Z as the searches go on", courses),
    View("spread", "3", "Seeds", "Z of each seed, and their mean", spread),
)
