"""What there is to plot of a search: Figures 8-10 (layers, FLOPs, params of each stage), best
Z, what each stage contributes to it, how many children are accepted, and how far Z is from the
best possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.snapshot import Point, Snapshot
from engine.structure import LEVELS
from maedet_tui import formatting
from maedet_tui.course import curves
from maedet_tui.course.curves import Curve
from maedet_tui.widgets.plot.canvas import Chart, Series
from maedet_tui.widgets.plot.window import WHOLE, Window, thinned


@dataclass(frozen=True)
class PlotKind:
    """One of the plots.

    curves: of points of the history and the bound on Z, if that is known, one for each stage
    or a single one. stages: whether
    it is one for each stage; such curves can stand on one another. of_best: whether it is
    about the best structure. whole: whether its values are whole numbers. decades: whether
    they are logarithms. against: the cost on its x axis, of a plot of the population now.
    """

    name: str
    key: str
    tab: str
    title: str
    curves: Callable[[Sequence[Point], float | None], list[Curve]]
    stages: bool = True
    format_tick: Callable[[float], str] = formatting.short_quantity
    format_value: Callable[[float], str] = formatting.quantity
    of_best: bool = True
    whole: bool = False
    against: str = ""
    decades: bool = False


def _of_cost(field: str) -> Callable[[Sequence[Point], float | None], list[Curve]]:
    return lambda points, _: curves.costs(points, field)


def _gap(points: Sequence[Point], bound: float | None) -> list[Curve]:
    return [] if bound is None else [curves.gaps(points, bound)]


def _nothing(_: Sequence[Point], __: float | None) -> list[Curve]:
    """A plot of the population has points, and none of them of the history."""
    return []


_PLAIN = "{:,.6g}".format
_TENTHS = "{:,.1f}".format

PLOTS = (
    PlotKind("layers", "1", "Layers", "convolutional layers of each stage", _of_cost("layers"),
             whole=True),
    PlotKind("flops", "2", "FLOPs", "FLOPs of each stage", _of_cost("flops")),
    PlotKind("params", "3", "Params", "parameters of each stage", _of_cost("params")),
    PlotKind("z", "4", "Z", "Z of the best structure", lambda points, _: [curves.z(points)],
             False, _PLAIN, _TENTHS),
    PlotKind("parts", "5", "Parts", "what each stage contributes to Z",
             lambda points, _: curves.parts(points), True, _PLAIN, _TENTHS),
    PlotKind("accepted", "6", "Accepted", "children accepted into the population",
             lambda points, _: [curves.accepted(points)],
             False, "{:,.3g} %".format, "{:,.1f} %".format, False),
    PlotKind("gap", "7", "Gap", "gap to the best possible", _gap, False,
             curves.decade, curves.percent, decades=True),
    PlotKind("by-flops", "8", "Cloud", "Z of the population by FLOPs", _nothing, False,
             of_best=False, against="flops"),
    PlotKind("by-params", "9", "Sizes", "Z of the population by params", _nothing, False,
             of_best=False, against="params"),
)  # fmt: skip


#: the plots that are on show at once where there is room, 2 rows of 3
TOGETHER = ("layers", "flops", "z", "parts", "gap", "by-flops")


def kind_of(name: str) -> PlotKind:
    """The plot of that name."""
    return next(kind for kind in PLOTS if kind.name == name)


def chart_of(
    kind: PlotKind,
    snapshot: Snapshot,
    markers: str,
    reference: tuple[str, float] | None = None,
    *,
    window: Window = WHOLE,
    cursor: float | None = None,
    stacked: bool = False,
    most: int = 400,
) -> Chart:
    """What `kind` shows of a snapshot; what the newest point says holds until now.

    cursor: iteration whose values are given. most: points that there is room for.
    """
    now = snapshot.iteration
    start, end = window.bounds(now, snapshot.iterations)
    history = thinned(snapshot.history, start, end, most)
    found = kind.curves(history, snapshot.bound.value if snapshot.bound else None)
    held = min(float(now), end)
    series = []
    for i, curve in enumerate(found):
        points = curves.held(curve, held)
        if points and kind.stages:
            series.append(Series(f"stage-{i + 1}", LEVELS[i], markers[i], points))
        elif points:
            series.append(Series("z", kind.tab, markers[-1], points))
    return Chart(
        series=tuple(series),
        x_end=end,
        low=_low(kind, found, start, end),
        bands=curves.population(history, held) if kind.name == "z" else (),
        format_y=kind.format_tick,
        format_x=formatting.short_quantity,
        format_value=kind.format_value,
        switch=snapshot.switched_at,
        reference=reference if kind.name == "z" else None,
        x_start=start,
        cursor=cursor,
        stacked=stacked and kind.stages,
        decades=kind.decades,
        whole=kind.whole,
    )


def _low(kind: PlotKind, found: list[Curve], start: float, end: float) -> float:
    """Where the y axis begins."""
    if kind.name == "z":
        return curves.foot_of_z(found[0], start, end)
    if kind.decades:
        return min((y for curve in found for _, y in curve), default=0.0)
    return 0.0
