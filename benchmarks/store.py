"""What recording a run costs: rate with and without the store, size, and opening a run.

    python benchmarks/store.py [--iterations N] [--rounds N]

Searches with and without a store take turns, so that both meet the same weather on the
machine; processor time is compared, since wall time counts the neighbours too. The audit
is off: it is the same in both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.run.runner import Runner
from maedet_tui.presets import load
from maedet_tui.runs.local import LocalRun

OPEN = """
import time
began = time.perf_counter()
import sys
from pathlib import Path
from maedet_tui.cli import cli
from maedet_tui.app import MaedetApp
from maedet_tui.runs.watched import WatchedRun

run = WatchedRun(Path(sys.argv[1]))
snapshot = run.snapshot
print("read", time.perf_counter() - began, len(snapshot.history), len(snapshot.bests))

class Timed(MaedetApp):
    def on_ready(self):
        def painted():
            print("screen", time.perf_counter() - began, "of which processor", time.process_time())
            self.exit()
        self.call_after_refresh(painted)

Timed(run=run, start=lambda preset: run).run(headless=True, size=(160, 48))
"""


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """(processor seconds, wall seconds) of some work."""
    wall, used = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - used, time.perf_counter() - wall


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=96_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    preset = load(
        "maedet-m",
        {
            "scorer": ("closed-form", "benchmark"),
            "audit": (False, "benchmark"),
            "search.iterations": (options.iterations, "benchmark"),
        },
    )
    with tempfile.TemporaryDirectory() as place:
        runs = Path(place)
        bare, stored = [], []

        def without() -> None:
            runner = Runner(preset)
            runner.start()
            runner.join()

        def recorded(number: int) -> None:
            run = LocalRun(preset, runs, f"run{number}")
            run.start()
            run.wait()
            run.close()

        without()  # caches are warm for all that follow
        for number in range(options.rounds):
            bare.append(timed(without))
            stored.append(timed(partial(recorded, number)))
        for name, times in (("without store", bare), ("with store", stored)):
            used = statistics.median(t[0] for t in times)
            wall = statistics.median(t[1] for t in times)
            print(
                f"{name:14} {options.iterations / used:9,.0f} iterations per processor second, "
                f"{options.iterations / wall:9,.0f} per second of wall time"
            )
        ratios = [with_[0] / without_[0] for without_, with_ in zip(bare, stored, strict=True)]
        fastest = min(t[0] for t in stored) / min(t[0] for t in bare)
        print(
            f"cost of the store in processor time: {100 * (fastest - 1):.1f} % between the "
            f"fastest of each, {100 * (statistics.median(ratios) - 1):.1f} % in the median "
            f"of {options.rounds} pairs"
        )
        folder = runs / "run0"
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"size of a finished run: {size / 1e6:.2f} MB (run.db "
              f"{(folder / 'run.db').stat().st_size / 1e6:.2f} MB)")  # fmt: skip
        for _ in range(options.rounds):
            environment = {**os.environ, "TERM": "xterm-256color"}
            out = subprocess.run(
                [sys.executable, "-c", OPEN, str(folder)],
                env=environment, capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
            print("opening it, imports included:", " ".join(out.split()))


if __name__ == "__main__":
    main()
