"""The screen: how soon it is there, how often it changes, how fast it obeys, what it costs.

    python -m benchmarks.ui [--parts start live cost memory six redraw plotext]
        [--rounds 5]

The first three drive the real program in a pseudo-terminal of 120x40 (Linux, macOS), `six` in
one that is resized (Linux). The others drive the dashboard in this process: a replay of the
snapshots of an hour, plots of ever longer histories, and a plot beside plotext's of the same
(`pip install maedet-tui[bench]`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles

from benchmarks.plots import beside_plotext, redraw
from benchmarks.replay import Replay
from benchmarks.six_plots import six_plots
from benchmarks.terminal import ENDLESS, Terminal, folder, progress_of

#: snapshots that a search publishes in an hour
HOUR = 36_000


def start(rounds: int) -> None:
    """Launch to first paint, and whether torch was there by then."""
    for words, text in (((), b"maedet-m"), (("search", "maedet-m"), b"Search")):
        times, heavy = [], set()
        for _ in range(rounds):
            with folder() as runs:
                terminal = Terminal(*words, *(("--runs-dir", str(runs)) if words else ()))
                if not terminal.read(20.0, text):
                    raise SystemExit("the program painted nothing within 20 s")
                with contextlib.suppress(OSError):
                    maps = Path(f"/proc/{terminal.child.pid}/maps").read_text()
                    heavy |= {name for name in ("torch", "pydantic_core") if f"/{name}" in maps}
                times.append(terminal.chunks[-1][0] - terminal.began)
                terminal.close()
        print(
            f"{' '.join(('maedet-tui', *words)):28} first paint {median(times):.2f} s in the "
            f"median, {min(times):.2f} to {max(times):.2f}; imported by then: "
            f"{', '.join(sorted(heavy)) or 'neither torch nor pydantic'}"
        )


def live(rounds: int) -> None:
    """Updates a second, and key to its effect, during a closed-form search at full speed."""
    import random

    titles = {b"1": "convolutional layers", b"2": "FLOPs of each", b"3": "parameters of each",
              b"4": "Z of the best"}  # fmt: skip
    rates, gaps, delays = [], [], []
    for _ in range(rounds):
        with folder() as runs:
            words = ("search", "maedet-m", "--iterations", str(ENDLESS), "--runs-dir", str(runs))
            terminal = Terminal(*words)
            terminal.read(4.0)
            watched_from = time.perf_counter()
            terminal.read(5.0)
            watched_to = time.perf_counter()
            sent: list[tuple[float, str]] = []
            for i in range(24):
                key = b"2341"[i % 4 : i % 4 + 1]
                sent.append((time.perf_counter(), titles[key]))
                terminal.child.send(key)
                terminal.read(0.4 + 0.13 * random.random())
            terminal.close()
        seen, last = [], ""
        screens = [(when, "\n".join(lines)) for when, lines in terminal.screens()]
        for when, text in screens:
            found = re.search(r"iteration +([\d,]+) of", text)
            if found and found[1] != last and watched_from <= when <= watched_to:
                seen.append(when)
                last = found[1]
        rates.append(len(seen) / (watched_to - watched_from))
        if len(seen) < 2:
            raise SystemExit("the screen did not change while it was watched: is the machine busy?")
        gaps.append(max(b - a for a, b in pairwise(seen)))
        for (pressed, title), (next_, _) in zip(sent, [*sent[1:], (sent[-1][0] + 1.0, "")]):
            effect = (when for when, text in screens if pressed < when < next_ and title in text)
            if (shown := next(effect, None)) is not None:
                delays.append(shown - pressed)
    cuts = quantiles(delays, n=20)
    print(
        f"updates a second {median(rates):.1f} in the median, {min(rates):.1f} to "
        f"{max(rates):.1f}; longest gap {max(gaps):.2f} s\n"
        f"key to its effect {1e3 * median(delays):.0f} ms in the median, 95th percentile "
        f"{1e3 * cuts[-1]:.0f} ms ({len(delays)} of {24 * rounds} keys)"
    )


def cost(rounds: int) -> None:
    """The rate of a search with a screen over that without, in turns, once both have settled.

    Without audits, which cost more than the screen and come at other moments in each.
    """
    from maedet_tui.presets import dump, load

    pairs = []
    for _ in range(rounds):
        pair = []
        for screen in (False, True):
            with folder() as runs:
                preset = runs / "preset.yaml"
                preset.write_text(dump(replace(load("maedet-m"), audit=False)))
                words = ("search", str(preset), "--iterations", str(ENDLESS), "--name", "r",
                         "--runs-dir", str(runs))  # fmt: skip
                terminal = Terminal(*words, *(() if screen else ("--headless",)))
                terminal.read(4.0)
                before = progress_of(runs / "r")
                terminal.read(5.0)
                after = progress_of(runs / "r")
                terminal.close()
                pair.append((after[0] - before[0]) / (after[1] - before[1]))
        pairs.append(pair)
    fastest = [max(pair[screen] for pair in pairs) for screen in (0, 1)]
    slower = sorted(1 - with_screen / without for without, with_screen in pairs)
    print(
        f"without a screen {fastest[0]:,.0f}/s, with one {fastest[1]:,.0f}/s at the fastest of "
        f"{rounds}: slower by {1 - fastest[1] / fastest[0]:.1%}; by {median(slower):.1%} in the "
        f"median of pairs ({slower[0]:.1%} to {slower[-1]:.1%})"
    )


def memory(count: int) -> None:
    """Memory of the process while the snapshots of an hour are shown."""
    from maedet_tui.app import MaedetApp
    from maedet_tui.machine.load import LoadMeter
    from maedet_tui.screens.dashboard.screen import Dashboard

    run, meter = Replay(), LoadMeter()
    sizes: list[int] = []

    async def play() -> None:
        app = MaedetApp(run=run, start=lambda preset: run)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            screen = app.screen
            assert isinstance(screen, Dashboard)
            for number in range(count):
                run.forward()
                screen.poll()
                if number % 10 == 0:
                    await asyncio.sleep(0)  # let the screen paint
                if number % (count // 10) == count // 10 - 1:
                    sizes.append(meter.look().memory or 0)

    asyncio.run(play())
    tenths = ", ".join(f"{size / 1e6:.0f}" for size in sizes)
    print(f"{count:,} snapshots: MB after each tenth {tenths}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ("start", "live", "cost", "memory", "six", "redraw", "plotext")
    parser.add_argument("--parts", nargs="+", choices=names, default=names)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--snapshots", type=int, default=HOUR)
    options = parser.parse_args(arguments)
    for part in options.parts:
        if part == "memory":
            memory(options.snapshots)
        elif part == "six":
            six_plots(options.rounds)
        elif part == "redraw":
            redraw()
        elif part == "plotext":
            beside_plotext(options.rounds)
        else:
            globals()[part](options.rounds)


if __name__ == "__main__":
    main()
