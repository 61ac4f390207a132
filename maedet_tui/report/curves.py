"""What there is to draw of a search: Figures 8-10 of the paper, Z, and the population."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from engine.snapshot import Point, Snapshot
from engine.structure import LEVELS
from maedet_tui import formatting
from maedet_tui.report.charts import Chart, Curve, Points
from maedet_tui.report.gathering import Reported

#: most dots of a population
_MOST_DOTS = 400


def charts(run: Reported) -> list[Chart]:
    """The plots of one run; those that nothing was recorded for are left out."""
    snapshot, z = run.snapshot, _z(run.snapshot)
    switch = snapshot.switched_at
    found = [
        Chart(
            "Z of the best structure" if run.best.score.is_entropy
            else f"{run.best.score.method} of the best structure",
            [Curve("best", "best", z)],
            format_y=_plain,
            levels=_levels(run),
            switch=switch,
            from_zero=False,
            low=_low(z, snapshot.iteration),
        ),
        _of_stages("What each stage contributes to Z", snapshot, _parts, _plain),
        _of_stages("Convolutional layers of each stage", snapshot, _costs("layers"), _plain),
        _of_stages("FLOPs of each stage", snapshot, _costs("flops")),
        _of_stages("Parameters of each stage", snapshot, _costs("params")),
        Chart(
            "Children accepted into the population, percent",
            [Curve("", "best", _accepted(snapshot.history))],
            format_y=_plain,
            switch=switch,
        ),
        population(run),
    ]  # fmt: skip
    return [one for one in found if one.dots or any(len(c.points) > 1 for c in one.curves)]


def together(runs: Sequence[Reported]) -> Chart:
    """Z of the best of several runs."""
    curves = [
        Curve(str(number), f"run-{(number - 1) % 6 + 1}", _z(run.snapshot))
        for number, run in enumerate(runs, 1)
    ]
    longest = max(run.snapshot.iteration for run in runs)
    low = min(_low(curve.points, longest) for curve in curves)
    title = "Z of the best structures, by their numbers in the table"
    return Chart(title, curves, format_y=_plain, from_zero=False, low=low)


def population(run: Reported) -> Chart:
    """Z against FLOPs of the population as it was last, with the best."""
    members = run.snapshot.members[:_MOST_DOTS]
    dots = [(float(member.cost.flops), member.score.z) for member in members]
    best = ("best", float(run.best.cost.flops), run.best.score.z)
    title = f"The population at its last: Z against FLOPs, {len(members)} structures"
    return Chart(title, x_name="FLOPs", format_y=_plain, dots=dots, marked=best, from_zero=False)


def comparable_z(run: Reported) -> float | None:
    """Z of the paper's structure, if it was obtained as that of the best was."""
    known = run.paper.score if run.paper else None
    return known.z if known is not None and known.method == run.best.score.method else None


def _levels(run: Reported) -> list[tuple[str, float]]:
    z = comparable_z(run)
    if run.paper is None or z is None:
        return []
    return [(f"{run.whose} {run.paper.name}", z)]


def _z(snapshot: Snapshot) -> Points:
    """The best Z, which holds until now."""
    points = [(float(point.iteration), point.z) for point in snapshot.history]
    if points and snapshot.iteration > points[-1][0]:
        points.append((float(snapshot.iteration), points[-1][1]))
    return points


def _low(points: Points, until: int) -> float:
    """Where the axis of Z begins: the first steps up are so steep that they would flatten
    all the others."""
    return next((z for x, z in points if x >= until / 50), points[-1][1] if points else 0.0)


def _of_stages(
    title: str,
    snapshot: Snapshot,
    of: Callable[[Sequence[Point]], list[Points]],
    format_y: Callable[[float], str] = formatting.short_quantity,
) -> Chart:
    curves = [
        Curve(level, f"stage-{number}", points)
        for number, (level, points) in enumerate(zip(LEVELS, of(snapshot.history)), 1)
    ]
    return Chart(title, curves, format_y=format_y, switch=snapshot.switched_at)


def _costs(field: str) -> Callable[[Sequence[Point]], list[Points]]:
    def of(history: Sequence[Point]) -> list[Points]:
        return [
            [(float(point.iteration), getattr(point.stage_costs[i], field)) for point in history]
            for i in range(len(LEVELS))
        ]

    return of


def _parts(history: Sequence[Point]) -> list[Points]:
    known = [point for point in history if point.parts]
    return [[(float(p.iteration), p.parts[i]) for p in known] for i in range(len(LEVELS))]


def _accepted(history: Sequence[Point]) -> Points:
    """The share of accepted children between each point and the next, in percent."""
    known = [(one.iteration, one.accepted) for one in history if one.accepted is not None]
    return [
        (float(start), 100 * (after - before) / (end - start))
        for (start, before), (end, after) in pairwise(known)
    ]


def _plain(value: float) -> str:
    return f"{value:,.6g}"
