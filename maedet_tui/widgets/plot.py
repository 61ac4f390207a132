"""The four plots of a search: Figures 8-10 (layers, FLOPs, params of each stage) and best Z."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from engine.costs import Cost
from engine.snapshot import Point, Snapshot
from engine.structure import LEVELS
from maedet_tui import formatting
from maedet_tui.widgets.canvas import Chart, Series, draw
from maedet_tui.widgets.glyphs import Glyphs

#: seconds between two redraws: a plot moves slowly, and drawing takes time from the search
REDRAW_EVERY = 0.5


@dataclass(frozen=True)
class PlotKind:
    """One of the plots. value: what of a stage's cost is drawn; None for the plot of Z."""

    name: str
    key: str
    tab: str
    title: str
    value: Callable[[Cost], float] | None


PLOTS = (
    PlotKind("layers", "1", "Layers", "convolutional layers of each stage", lambda c: c.layers),
    PlotKind("flops", "2", "FLOPs", "FLOPs of each stage", lambda c: c.flops),
    PlotKind("params", "3", "Params", "parameters of each stage", lambda c: c.params),
    PlotKind("z", "4", "Z", "Z of the best structure", None),
)


def x_end(iteration: int, iterations: int) -> int:
    """Right end of the x axis: T halved as long as what has been done still fits.

    A long search is legible from its first minutes, and the axis moves only
    when the curves reach its end.
    """
    end = max(iterations, 1)
    while end > 200 and end // 2 >= iteration:
        end //= 2
    return end


def _low_z(history: Sequence[Point], end: int) -> float:
    """Where the axis of Z begins: the first steps up are so steep that they would flatten
    all the others."""
    return next((p.z for p in history if p.iteration >= end / 50), history[-1].z if history else 0)


def chart_of(
    kind: PlotKind, snapshot: Snapshot, markers: str, reference: tuple[str, float] | None
) -> Chart:
    """What `kind` shows of a snapshot; the best holds from its iteration until now."""
    history = snapshot.history
    now = snapshot.iteration
    end = x_end(now, snapshot.iterations)
    if kind.value is None:
        points = [(point.iteration, point.z) for point in history]
        names, columns = (("z", "Z", markers[-1]),), [points]
    else:
        value = kind.value
        stages = len(history[-1].stage_costs) if history else 0
        columns = [
            [(point.iteration, value(point.stage_costs[i])) for point in history]
            for i in range(stages)
        ]
        names = tuple((f"stage-{i + 1}", LEVELS[i], markers[i]) for i in range(stages))
    series = tuple(
        Series(*name, [*points, (now, points[-1][1])])
        for name, points in zip(names, columns)
        if points
    )
    return Chart(
        series=series,
        x_end=end,
        low=0.0 if kind.value else _low_z(history, end),
        format_y=formatting.short_quantity if kind.value else "{:,.6g}".format,
        format_x=formatting.short_quantity,
        format_value=formatting.quantity if kind.value else "{:,.1f}".format,
        switch=snapshot.switched_at,
        reference=reference if kind.value is None else None,
    )


class Plot(Widget):
    """One plot at a time, redrawn at most every REDRAW_EVERY seconds."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--axis",
        "plot--switch",
        "plot--reference",
        "plot--z",
        "plot--stage-1",
        "plot--stage-2",
        "plot--stage-3",
        "plot--stage-4",
        "plot--stage-5",
    }

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters
        self._kind = PLOTS[0]
        self._snapshot: Snapshot | None = None
        self._reference: tuple[str, float] | None = None
        self._drawn_at = 0.0
        self._stale = False
        self._lines: list[Strip] = []
        self._drawn_size: Size | None = None

    @property
    def kind(self) -> PlotKind:
        """The plot on show."""
        return self._kind

    def switch(self, kind: PlotKind) -> None:
        """Show another plot, at once."""
        self._kind = kind
        self._redraw()

    def compare(self, label: str, z: float) -> None:
        """Mark the Z of a known structure in the plot of Z."""
        self._reference = (label, z)
        self._redraw()

    def show(self, snapshot: Snapshot) -> None:
        """Take the newest snapshot; it appears with one of the next redraws."""
        self._snapshot = snapshot
        self._stale = True
        self.tick()

    def tick(self) -> None:
        """Redraw if there is something new and the last redraw is long enough ago."""
        ended = self._snapshot is not None and self._snapshot.ended
        if self._stale and (ended or time.monotonic() - self._drawn_at >= REDRAW_EVERY):
            self._redraw()

    def _redraw(self) -> None:
        self._stale = False
        self._drawn_size = None
        self._drawn_at = time.monotonic()
        self.refresh()

    def _draw(self) -> None:
        width, height = self.content_size
        snapshot = self._snapshot
        if snapshot is None or not snapshot.history:
            message = "The curves begin with the first scored structure."
            rows = [[("", "")]] * (height // 2) + [[(message[:width].center(width), "axis")]]
        else:
            chart = chart_of(self._kind, snapshot, self._glyphs.markers, self._reference)
            rows = draw(chart, width, height, self._glyphs)
            rows = rows or [[("Too small for a plot."[:width], "axis")]]
        ground = self.rich_style
        styles = {"": ground}
        for name in self.COMPONENT_CLASSES:
            styles[name.removeprefix("plot--")] = self.get_component_rich_style(name)
        self._lines = [
            Strip([Segment(text, styles[key]) for text, key in row]).adjust_cell_length(
                width, ground
            )
            for row in rows
        ]

    def notify_style_update(self) -> None:
        """A theme or a state changed: the lines hold colours of the one before."""
        super().notify_style_update()
        self._drawn_size = None

    def render_line(self, y: int) -> Strip:
        if self._drawn_size != self.content_size:
            self._draw()
            self._drawn_size = self.content_size
        if y < len(self._lines):
            return self._lines[y]
        return Strip.blank(self.content_size.width, self.rich_style)
