"""The curve of Z in a few rows, where there is no room for a plot, and the best in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.snapshot import Candidate
from maedet_tui import formatting
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.histogram import bars, between
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part
from maedet_tui.widgets.plot.grid import levels

#: heights that are told apart in one row
_FINE = 1000


class Course(NamedTuple):
    """Z of the best from (iteration, Z) to the next, until an iteration."""

    points: Sequence[tuple[float, float]]
    now: int


class CurvePanel(Panel[Course]):
    """A column for each part of the search, as high as its best."""

    TITLE = "Z of the best"
    ROWS = 3

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def parts(self, shown: Course, width: int) -> list[Part]:
        points = shown.points
        if not points:
            return [("none yet\n", MUTED)]
        found = levels(points, width, 0.0, float(max(shown.now, 1)))
        z = [points[0][1] if value is None else value for value in found]
        z += [z[-1]] * (width - len(z))
        # the first steps up are so steep that they would flatten all the others
        low, high = z[len(z) // 20], z[-1]
        scale = _FINE / (high - low) if high > low else 0.0
        # one part of it is seen at least, so that the lowest are no gap
        heights = [max(round((value - low) * scale), 1) for value in z]
        drawn = bars(heights, self.ROWS, self._glyphs)
        left, right = formatting.score(low), formatting.score(high)
        name = f"to iteration {formatting.count(shown.now)}"
        return [
            *((f"{line}\n", "$primary") for line in drawn),
            (between(left, name, "", width - len(right)), MUTED),
            (f"{right}\n", STRONG),
        ]


class BestLine(Panel[Candidate]):
    """What the best is, in one line."""

    USUAL_WIDTH = 80

    def parts(self, shown: Candidate, width: int) -> list[Part]:
        cost = shown.cost
        depths = "-".join(
            str(sum(block.depth for block in stage)) for stage in shown.structure.stages[1:]
        )
        facts = [
            f"{formatting.quantity(cost.flops)} FLOPs",
            f"{formatting.quantity(cost.params)} params",
            f"{cost.layers} layers",
            f"C2-C5 {depths} deep",
        ]
        head = f"Best Z {formatting.score(shown.score.z)}"
        while facts and len(", ".join([head, *facts])) > width:
            facts.pop()
        return [(head, STRONG), ("".join(f", {fact}" for fact in facts) + "\n", "")]
