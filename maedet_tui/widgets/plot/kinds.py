"""What there is to plot of a search: Figures 8-10 (layers, FLOPs, params of each stage), best
Z, what each stage contributes to it, how many children are accepted, and how far Z is from the
best possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10

from engine.snapshot import PROVEN, Point, Snapshot, gap_to
from engine.structure import LEVELS
from maedet_tui import formatting
from maedet_tui.widgets.plot.canvas import Band, Chart, Series
from maedet_tui.widgets.plot.window import WHOLE, Window, thinned

#: a curve: (iteration, value) in ascending order
Curve = list[tuple[float, float]]


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
    def curves(points: Sequence[Point], _: float | None) -> list[Curve]:
        return [
            [(point.iteration, getattr(point.stage_costs[i], field)) for point in points]
            for i in range(len(LEVELS))
        ]

    return curves


def _z(points: Sequence[Point], _: float | None) -> list[Curve]:
    return [[(point.iteration, point.z) for point in points]]


def _parts(points: Sequence[Point], _: float | None) -> list[Curve]:
    known = [point for point in points if point.parts]
    return [[(point.iteration, point.parts[i]) for point in known] for i in range(len(LEVELS))]


def _accepted(points: Sequence[Point], _: float | None) -> list[Curve]:
    """The share of accepted children between each point and the next, in percent."""
    known = [(one.iteration, one.accepted) for one in points if one.accepted is not None]
    return [
        [
            (start, 100 * (after - before) / (end - start))
            for (start, before), (end, after) in pairwise(known)
        ]
    ]


def _gap(points: Sequence[Point], bound: float | None) -> list[Curve]:
    """Logarithms of how far Z is below the bound, in percent."""
    if bound is None:
        return []
    gaps = [(point.iteration, 100 * gap_to(bound, point.z)) for point in points]
    return [[(iteration, log10(max(gap, SMALLEST_GAP))) for iteration, gap in gaps]]


def _percent(y: float) -> str:
    """A gap of which y is the logarithm; what is as good as none is that."""
    return formatting.gap(10**y / 100 if 10**y > 1.001 * SMALLEST_GAP else 0.0)


def _nothing(_: Sequence[Point], __: float | None) -> list[Curve]:
    """A plot of the population has points, and none of them of the history."""
    return []


#: percent below which a best is the best possible
SMALLEST_GAP = 100 * PROVEN

_PLAIN = "{:,.6g}".format
_TENTHS = "{:,.1f}".format

PLOTS = (
    PlotKind("layers", "1", "Layers", "convolutional layers of each stage", _of_cost("layers"),
             whole=True),
    PlotKind("flops", "2", "FLOPs", "FLOPs of each stage", _of_cost("flops")),
    PlotKind("params", "3", "Params", "parameters of each stage", _of_cost("params")),
    PlotKind("z", "4", "Z", "Z of the best structure", _z, False, _PLAIN, _TENTHS),
    PlotKind("parts", "5", "Parts", "what each stage contributes to Z", _parts, True, _PLAIN,
             _TENTHS),
    PlotKind("accepted", "6", "Accepted", "children accepted into the population", _accepted,
             False, "{:,.3g} %".format, "{:,.1f} %".format, False),
    PlotKind("gap", "7", "Gap", "gap to the best possible", _gap, False,
             lambda y: f"{10**y:.4g} %", _percent, decades=True),
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
    curves = kind.curves(history, snapshot.bound.value if snapshot.bound else None)
    held = min(float(now), end)
    series = []
    for i, points in enumerate(curves):
        if points and held > points[-1][0]:
            points.append((held, points[-1][1]))
        if points and kind.stages:
            series.append(Series(f"stage-{i + 1}", LEVELS[i], markers[i], points))
        elif points:
            series.append(Series("z", kind.tab, markers[-1], points))
    return Chart(
        series=tuple(series),
        x_end=end,
        low=_low(kind, curves, start, end),
        bands=_population(history, held) if kind.name == "z" else (),
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


def _population(points: Sequence[Point], held: float) -> tuple[Band, ...]:
    """From the worst of the population to the best, and darker the half in the middle of it."""
    known = [(point.iteration, point.z, point.spread) for point in points if point.spread]
    if known and held > known[-1][0]:
        known.append((round(held), *known[-1][1:]))
    return (
        Band("worst", 0, [(x, spread.worst, z) for x, z, spread in known]),
        Band("quarter", 1, [(x, spread.lower, spread.upper) for x, _, spread in known]),
    )


def _low(kind: PlotKind, curves: list[Curve], start: float, end: float) -> float:
    """Where the y axis begins."""
    if kind.name == "z":
        return _low_z(curves[0], start, end)
    if kind.decades:
        return min((y for curve in curves for _, y in curve), default=0.0)
    return 0.0


def _low_z(points: Curve, start: float, end: float) -> float:
    """Where the axis of Z begins: the first steps up are so steep that they would flatten
    all the others."""
    after = start + (end - start) / 50
    return next((z for x, z in points if x >= after), points[-1][1] if points else 0.0)
