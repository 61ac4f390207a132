"""What there is to draw of a search: Figures 8-10 of the paper, Z, and the population."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.snapshot import Snapshot
from engine.structure import LEVELS
from maedet_tui import formatting
from maedet_tui.course import curves
from maedet_tui.report.charts import Chart, Curve, Points
from maedet_tui.report.gathering import Reported

#: most dots of a population
_MOST_DOTS = 400


def charts(run: Reported) -> list[Chart]:
    """The plots of one run; those that nothing was recorded for are left out."""
    snapshot, z = run.snapshot, _z(run.snapshot)
    history, switch = snapshot.history, snapshot.switched_at
    bands = _bands(snapshot)
    shaded = "; shaded: its population, darker the middle half" if bands else ""
    found = [
        Chart(
            f"{'Z' if run.best.score.is_entropy else run.best.score.method} of the best structure"
            f"{shaded}",
            [Curve("best", "best", z)],
            format_y=_plain,
            levels=_levels(run),
            switch=switch,
            bands=bands,
            from_zero=False,
            low=_foot(z, snapshot.iteration),
        ),
        _gap(snapshot),
        _of_stages("What each stage contributes to Z", snapshot, curves.parts(history), _plain),
        _of_stages("Convolutional layers of each stage", snapshot,
                   curves.costs(history, "layers"), _plain),
        _of_stages("FLOPs of each stage", snapshot, curves.costs(history, "flops")),
        _of_stages("Parameters of each stage", snapshot, curves.costs(history, "params")),
        Chart(
            "Children accepted into the population, percent",
            [Curve("", "best", curves.accepted(history))],
            format_y=_plain,
            switch=switch,
        ),
        population(run),
    ]  # fmt: skip
    return [one for one in found if one.dots or any(len(c.points) > 1 for c in one.curves)]


def together(runs: Sequence[Reported]) -> Chart:
    """Z of the best of several runs."""
    named = [
        Curve(str(number), f"run-{(number - 1) % 6 + 1}", _z(run.snapshot))
        for number, run in enumerate(runs, 1)
    ]
    longest = max(run.snapshot.iteration for run in runs)
    low = min(_foot(curve.points, longest) for curve in named)
    title = "Z of the best structures, by their numbers in the table"
    return Chart(title, named, format_y=_plain, from_zero=False, low=low)


def population(run: Reported) -> Chart:
    """Z against FLOPs of the population as it was last, with the best."""
    members = run.snapshot.members[:_MOST_DOTS]
    dots = [(float(member.cost.flops), member.score.z) for member in members]
    best = [("best", float(run.best.cost.flops), run.best.score.z)] if dots else []
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
    return curves.held(curves.z(snapshot.history), float(snapshot.iteration))


def _foot(z: Points, until: int) -> float:
    return curves.foot_of_z(list(z), 0.0, float(until))


def _bands(snapshot: Snapshot) -> list[tuple[Points, Points]]:
    """The population: from its worst to its best, and the half in the middle of it."""
    found = curves.population(snapshot.history, float(snapshot.iteration))
    return [
        ([(x, low) for x, low, _ in band.points], [(x, high) for x, _, high in band.points])
        for band in found
        if len(band.points) > 1
    ]


def _gap(snapshot: Snapshot) -> Chart:
    """How far the best is from the best possible, on decades; none where no bound is known."""
    bound = snapshot.bound.value if snapshot.bound else None
    points = [] if bound is None else curves.gaps(snapshot.history, bound)
    return Chart(
        "Gap to the best possible, percent, each line a tenth of the one above",
        [Curve("best", "best", curves.held(points, float(snapshot.iteration)))],
        format_y=curves.decade,
        switch=snapshot.switched_at,
        from_zero=False,
        decades=True,
    )


def _of_stages(
    title: str,
    snapshot: Snapshot,
    found: Sequence[Points],
    format_y: Callable[[float], str] = formatting.short_quantity,
) -> Chart:
    named = [
        Curve(level, f"stage-{number}", points)
        for number, (level, points) in enumerate(zip(LEVELS, found), 1)
    ]
    return Chart(title, named, format_y=format_y, switch=snapshot.switched_at)


def _plain(value: float) -> str:
    return f"{value:,.6g}"
