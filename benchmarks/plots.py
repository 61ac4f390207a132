"""How long a plot takes to draw: with ever longer histories, and beside plotext."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, pairwise
from statistics import median

from benchmarks.replay import Replay
from engine.snapshot import Snapshot
from maedet_tui.widgets.glyphs import UNICODE
from maedet_tui.widgets.plot.canvas import Chart, draw
from maedet_tui.widgets.plot.kinds import PLOTS, chart_of

#: columns and rows of a plot
SIZE = (80, 20)
#: pairs of drawings that a round takes the median of
PAIRS = 20


def redraw() -> None:
    """Milliseconds to draw a plot against the points of its history."""
    base: Snapshot = Replay().snapshot
    point = base.history[-1]
    for kind in (PLOTS[0], PLOTS[4]):
        line = []
        for points in (100, 1_000, 10_000, 100_000):
            history = tuple(replace(point, iteration=10 * i) for i in range(points))
            shown = replace(base, iteration=10 * points, iterations=10 * points, history=history)
            times = []
            for _ in range(20):
                began = time.perf_counter()
                draw(chart_of(kind, shown, UNICODE.markers, most=170), *SIZE, UNICODE)
                times.append(time.perf_counter() - began)
            line.append(f"{points:,}: {1e3 * median(times):.1f}")
        print(f"plot {kind.tab}, ms by points of history: {', '.join(line)}")


def beside_plotext(rounds: int) -> None:
    """Milliseconds of the processor to draw the five curves of a search, and plotext's to draw
    the same points in the same size, in turns."""
    from importlib.metadata import version

    run = Replay()
    while run.snapshot.iteration < run.snapshot.iterations * 0.9:
        run.forward()
    chart = chart_of(PLOTS[0], run.snapshot, UNICODE.markers, most=170)
    ours, theirs, ratios = [], [], []
    for _ in range(rounds):
        mine = [0.0] * PAIRS
        other = [0.0] * PAIRS
        for i in range(PAIRS):
            mine[i] = _seconds(lambda: draw(chart, *SIZE, UNICODE))
            other[i] = _seconds(lambda: _with_plotext(chart))
        ours.append(median(mine))
        theirs.append(median(other))
        ratios.append(median(b / a for a, b in zip(mine, other)))
    points = sum(len(series.points) for series in chart.series)
    print(
        f"plot of {len(chart.series)} curves, {points} points: {1e3 * median(ours):.1f} ms, "
        f"plotext {version('plotext')} {1e3 * median(theirs):.1f} ms: {median(ratios):.1f} times "
        f"as long in the median of {rounds} rounds ({min(ratios):.1f} to {max(ratios):.1f})"
    )


def _seconds(work: Callable[[], object]) -> float:
    # of the processor: what a search in the same interpreter has to wait for
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _with_plotext(chart: Chart) -> object:
    """The same step curves with axes and names, as a matrix of characters with colours."""
    import plotext

    figure = plotext.figure
    figure.clear()
    figure.plot_size(*SIZE)
    for series in chart.series:
        corners = [((x, y), (after, y)) for (x, y), (after, _) in pairwise(series.points)]
        steps = [*chain.from_iterable(corners), series.points[-1]]
        signal = figure.signal([x for x, _ in steps], [y for _, y in steps], marker="braille")
        figure.draw(signal.lines().label(series.label))
    return figure.build()
