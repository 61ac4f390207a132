"""What all plots at once cost a search beside one plot: one program, its terminal resized in turns.

One row of the terminal is the difference: from 160x44 on the dashboard has six plots. In a
single program the search is the same on both sides, and turns cancel what else the machine
does; on one that is not idle, the time of the screen's own thread says more than the rates.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.terminal import ENDLESS, Terminal, folder, progress_of
from maedet_tui.screens.dashboard.arrangement import ALL_PLOTS

#: rows and columns with one plot, and with six
ONE, SIX = (ALL_PLOTS[1] - 1, ALL_PLOTS[0]), (ALL_PLOTS[1], ALL_PLOTS[0])
#: seconds: until a search has settled, until an arrangement has, and of a slice
SETTLED, ARRANGED, SLICE = 8.0, 1.5, 6.0


class Slice(NamedTuple):
    """Iterations a second of work, and the share of a core that the screen's thread took."""

    rate: float
    screen: float


def six_plots(rounds: int) -> None:
    """The rate of a search with six plots over that with one."""
    from maedet_tui.presets import dump, load

    slices: dict[tuple[int, int], list[Slice]] = {ONE: [], SIX: []}
    with folder() as runs:
        preset = runs / "preset.yaml"
        # an audit comes at another moment in each slice, and costs more than plots do
        preset.write_text(dump(replace(load("maedet-m"), audit=False, bound=False)))
        words = ("search", str(preset), "--iterations", str(ENDLESS), "--name", "r",
                 "--runs-dir", str(runs))  # fmt: skip
        terminal = Terminal(*words, size=ONE)
        terminal.read(60.0, b"of 50,000,000")  # until there is a dashboard
        terminal.read(SETTLED)
        for number in range(2 * rounds):
            # one, six, six, one: what drifts does so on both sides
            size = (ONE, SIX, SIX, ONE)[number % 4]
            terminal.resize(size)
            terminal.read(ARRANGED)
            slices[size].append(_slice(terminal, runs / "r"))
        terminal.close()
    rates = [[one.rate for one in slices[size]] for size in (ONE, SIX)]
    screen = [[one.screen for one in slices[size]] for size in (ONE, SIX)]
    slower = sorted(1 - six / one for one, six in zip(*rates))
    print(
        f"one plot {median(rates[0]):,.0f}/s, six {median(rates[1]):,.0f}/s in the medians of "
        f"{rounds}: slower by {1 - median(rates[1]) / median(rates[0]):.1%}; by "
        f"{median(slower):.1%} in the median of pairs ({slower[0]:.1%} to {slower[-1]:.1%})\n"
        f"the screen's thread on a core {median(screen[0]):.1%} of the time with one, "
        f"{median(screen[1]):.1%} with six: {median(screen[1]) - median(screen[0]):.1%} more"
    )


def _slice(terminal: Terminal, run: Path) -> Slice:
    began, taken = time.perf_counter(), _screen_thread(terminal)
    before = progress_of(run)
    terminal.read(SLICE)
    after = progress_of(run)
    share = (_screen_thread(terminal) - taken) / (time.perf_counter() - began)
    return Slice((after[0] - before[0]) / (after[1] - before[1]), share)


def _screen_thread(terminal: Terminal) -> float:
    """Seconds that a core has been with the thread that shows things, which is the first."""
    pid = terminal.child.pid
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9
