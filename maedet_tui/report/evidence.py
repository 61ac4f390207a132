"""A validation as a section of a report, and its figure: AP against Z and its rivals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from maedet_tui import formatting
from maedet_tui.report.charts import ticks
from maedet_tui.report.markup import Child, Markup, element, trusted
from maedet_tui.report.tables import table
from maedet_tui.validate.predictors import NAMES
from maedet_tui.validate.results import Results, Row, interval, points
from maedet_tui.validate.statistics import Agreement
from maedet_tui.validate.subjects import KINDS

#: of one plot, and what its axes take of it
WIDTH, HEIGHT = 300.0, 210.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 12.0, 24.0, 26.0
#: plots in a row
COLUMNS = 3
#: of the figure as a file of its own, which no page gives colours
_STYLE = """
svg { background: #fff; } text { font: 10px sans-serif; fill: #1c232b; }
.mid { text-anchor: middle; } .end { text-anchor: end; }
.grid { stroke: #d3d6d0; stroke-width: .6; }
.axis { stroke: #5b6673; }
.bar { stroke: #5b6673; } .of-random { fill: #5b6673; } .of-along { fill: #8a6100; }
.of-best { fill: #0b62a8; } .of-optimum { fill: #a8225f; } .of-baseline { fill: #1f7a3a; }
.of-weights { fill: #7a4fb5; }
"""
#: what the kinds are called in the legend
_CALLED = {
    "random": "drawn at random", "along": "along the search", "best": "best of the search",
    "optimum": "proven optimum", "baseline": "baseline", "weights": "other weights",
}  # fmt: skip


def section(results: Results) -> list[Markup]:
    """What a validation has shown, for a page."""
    asked = results.asked
    size = formatting.image_size(asked.settings["size"])
    told = (
        f"{len(results.rows)} structures of {results.preset}, each trained for "
        f"{asked.steps:,} steps of {asked.settings['batch']} images at {size}, "
        f"{asked.seeds} seed{'s' if asked.seeds > 1 else ''}; AP in points. Intervals hold 95 % of "
        "bootstrap samples of the structures."
    )
    parts = [element("p", sentence) for sentence in results.verdicts()]
    parts += [element("p", told, class_="muted")]
    parts += [element("p", f"Left out: {note}.", class_="muted") for note in results.notes]
    if not results.rows:
        return parts
    plots = [element("figure", element("svg", *plot(results.rows, name, title),
                                       viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}", role="img"))
             for name, title in NAMES.items()]  # fmt: skip
    return [
        *parts,
        element("div", plots, class_="plots"),
        element("p", _legend(results), class_="muted"),
        table(correlations(results)),
        table(structures(results)),
    ]


def figure(results: Results) -> str:
    """All plots as one SVG file."""
    rows = -(-len(NAMES) // COLUMNS)
    drawn: list[Child] = []
    for number, (name, title) in enumerate(NAMES.items()):
        down, across = divmod(number, COLUMNS)
        place = f"translate({across * WIDTH:.0f} {down * HEIGHT:.0f})"
        drawn.append(element("g", *plot(results.rows, name, title), transform=place))
    left, top = WIDTH * (len(NAMES) % COLUMNS), HEIGHT * (rows - 1)
    for number, kind in enumerate(_kinds(results)):
        y = top + TOP + 18 * number
        drawn += [
            element("circle", cx=left + 20, cy=y, r=4.0, class_=f"of-{kind}"),
            element("text", _CALLED[kind], x=left + 30, y=y + 3.5),
        ]
    return element(
        "svg",
        element("style", trusted(_STYLE)),
        element("title", f"AP against predictors: {results.preset}"),
        *drawn,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {COLUMNS * WIDTH:.0f} {rows * HEIGHT:.0f}",
    )


def plot(rows: Sequence[Row], predictor: str, title: str) -> list[Markup]:
    """AP in points against a predictor: a dot a structure, a bar of its deviation over seeds."""
    dots = [(value, 100 * row.ap, 100 * (row.deviation or 0.0), row.subject)
            for row in rows if (value := row.value(predictor)) is not None]  # fmt: skip
    parts = [element("text", f"AP against {title}", x=LEFT, y=14.0)]
    if not dots:
        return [*parts, element("text", "none has a value", x=LEFT, y=HEIGHT / 2)]
    xs = _range([x for x, *_ in dots])
    ys = _range([y + sign * wide for _, y, wide, _ in dots for sign in (-1, 1)])
    across = partial(_place, within=xs, start=LEFT, end=WIDTH - RIGHT)
    up = partial(_place, within=ys, start=HEIGHT - BOTTOM, end=TOP)
    parts += _axes(xs, ys, across, up)
    for x, y, wide, subject in dots:
        at = across(x)
        parts += [
            element("line", x1=at, x2=at, y1=up(y - wide), y2=up(y + wide), class_="bar"),
            element("circle", element("title", f"{subject.name}: {y:.1f}"), cx=at, cy=up(y), r=3.2,
                    class_=f"of-{subject.kind}"),
        ]  # fmt: skip
    return parts


def _axes(
    xs: tuple[float, float],
    ys: tuple[float, float],
    across: Callable[[float], float],
    up: Callable[[float], float],
) -> list[Markup]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [element("line", x1=LEFT, x2=right, y1=bottom, y2=bottom, class_="axis")]
    for value in ticks(*ys):
        y = up(value)
        parts += [
            element("line", x1=LEFT, x2=right, y1=y, y2=y, class_="grid"),
            element("text", f"{value:g}", x=LEFT - 5, y=y + 3.5, class_="tick end"),
        ]
    for value in ticks(*xs, 4):
        text = formatting.short_quantity(value)
        parts.append(element("text", text, x=across(value), y=bottom + 14, class_="tick mid"))
    return parts


def correlations(results: Results) -> list[list[str]]:
    """Of each predictor with AP: rho and tau over all structures, rho over the random ones, and by
    how much Z's rho is above it."""
    rows = [
        ["predictor", "Spearman's rho", "Kendall's tau", "rho, random ones", "Z's rho above it"]
    ]
    for name, title in NAMES.items():
        found, drawn = results.agreements[name], results.among_random[name]
        above = results.advantages.get(name)
        rows.append([
            title,
            interval(found.spearman) if isinstance(found, Agreement) else "-",
            interval(found.kendall) if isinstance(found, Agreement) else "-",
            interval(drawn.spearman) if isinstance(drawn, Agreement) else "-",
            interval(above) if above is not None else "-",
        ])  # fmt: skip
    return rows


def structures(results: Results) -> list[list[str]]:
    """Each structure with its AP and predictors, best first."""
    head = ["structure", "AP", "seeds", "small", "medium", "large", *NAMES.values()]
    rows = [head]
    for row in results.rows:
        known, wide = row.subject.predicted, row.deviation
        rows.append([
            row.subject.name,
            points(row.ap) + (f" ± {points(wide)}" if wide is not None else ""),
            str(len(row.aps)),
            *(
                "-" if (value := row.mean_of(f"AP_{size}")) is None else points(value)
                for size in ("small", "medium", "large")
            ),
            formatting.score(known.z), formatting.quantity(known.params),
            formatting.quantity(known.flops), str(known.layers),
            *("-" if value is None else formatting.score(value)
              for value in (known.zen_score, known.synflow, known.naswot)),
        ])  # fmt: skip
    return rows


def _kinds(results: Results) -> list[str]:
    there = {row.subject.kind for row in results.rows}
    return [kind for kind in KINDS if kind in there]


def _legend(results: Results) -> list[Markup]:
    return [
        element("span", element("svg", element("circle", cx=5.0, cy=5.0, r=4.0,
                                               class_=f"of-{kind}"),
                                viewBox="0 0 10 10", class_="key", aria_hidden="true"),
                f" {_CALLED[kind]} ")
        for kind in _kinds(results)
    ]  # fmt: skip


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 0.05 * (abs(low) or 1.0)
    return low - margin, high + margin


def _place(value: float, within: tuple[float, float], start: float, end: float) -> float:
    return start + (end - start) * (value - within[0]) / (within[1] - within[0])
