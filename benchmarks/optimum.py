"""The proven optimum: how long it takes, and how much memory; and what the evolution leaves.

    python -m benchmarks optimum [--time 30] [--presets maedet-s …] [--sizes nominal …]
    python -m benchmarks optimum --beside 5 [--presets maedet-m]

The second is what a search loses by the bound beside it: pairs of searches, with and without, in
turn, and the most memory that the bound's process has held.

Each row is a process of its own on one core, as a user starts it; seconds are those of the
processor, "in all" with the program's start.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from statistics import median

from engine.settings import SIZE_READINGS

RESIDUAL = ("maedet-s", "maedet-m", "maedet-l")
MOBILE = ("maedet-mb-s", "maedet-mb-m", "maedet-mb-m-se")
#: what a row runs: the optimum of a preset under a reading
CHILD = """
import json, resource, sys
from dataclasses import replace
from time import process_time
from engine.optimum.search import Optimum
from maedet_tui.presets.reading import load

name, size, limit = sys.argv[1:]
preset = load(name)
preset = replace(preset, objective=replace(preset.objective, size=size))
began = process_time()
optimum = Optimum(preset)
while optimum.step() and process_time() < float(limit):
    pass
found = optimum.certificate
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([found.bound, found.best.score.z, found.gap, found.proven and optimum.done,
                  found.skeletons, found.nodes, process_time() - began,
                  peak * (1 if sys.platform == "darwin" else 1024)]))
"""


def row(name: str, size: str, limit: float) -> str:
    """One line of the table."""
    core = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    before = os.times()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, name, size, str(limit)],
        env={**os.environ, **core}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    after = os.times()
    in_all = after.children_user + after.children_system
    in_all -= before.children_user + before.children_system
    bound, best, gap, proven, skeletons, nodes, seconds, peak = json.loads(done.stdout)
    return (
        f"{name:16}{size:14}{best:>16,.3f}{bound:>16,.3f}{100 * gap:>10.4f} %"
        f"{'yes' if proven else 'no':>8}{skeletons:>11,}{nodes:>11,}{seconds:>8.2f} s"
        f"{in_all:>8.2f} s{peak / 1e6:>8.0f} MB"
    )


#: what a pair's search runs: iterations a second of the search alone, and bytes of the bound
SEARCH = """
import json, sys, threading, time
from dataclasses import replace
from engine.run.runner import Runner
from maedet_tui.presets.reading import load

name, bound = sys.argv[1], sys.argv[2] == "with"
runner = Runner(replace(load(name), audit=False, bound=bound))
runner.start()
most, ended = 0, None
while not runner.join(0.02):
    now = runner.snapshot
    if ended is None and now.iteration == now.iterations:
        ended = now.seconds
    beside = runner._search.beside
    process = beside._process if beside else None
    if process is not None and sys.platform == "linux":
        try:
            status = open(f"/proc/{process.pid}/status").read()
            most = max(most, 1024 * int(status.partition("VmHWM:")[2].split()[0]))
        except (OSError, IndexError):
            pass
now = runner.snapshot
print(json.dumps([now.iterations / (ended or now.seconds), most]))
"""


def beside(name: str, pairs: int) -> str:
    """One line on what the bound costs the searches of a preset."""
    ratios, most = [], 0
    for number in range(pairs):
        rates = {}
        for how in ("with", "without") if number % 2 else ("without", "with"):
            command = [sys.executable, "-c", SEARCH, name, how]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rates[how], held = json.loads(done.stdout)
            most = max(most, held)
        ratios.append(rates["with"] / rates["without"])
    lost = [100 * (1 - ratio) for ratio in sorted(ratios)]
    return (
        f"{name:16} loses {median(lost):.1f} % of its rate in the median of {pairs} pairs "
        f"({lost[-1]:.1f} to {lost[0]:.1f}); the bound holds {most / 1e6:.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time", type=float, default=30, help="seconds of each, where unproven")
    parser.add_argument("--presets", nargs="+", default=RESIDUAL + MOBILE)
    parser.add_argument("--sizes", nargs="+", choices=SIZE_READINGS, default=SIZE_READINGS)
    parser.add_argument("--beside", type=int, default=0, metavar="PAIRS", help="pairs of searches")
    arguments = parser.parse_args()
    if arguments.beside:
        for name in arguments.presets:
            print(beside(name, arguments.beside), flush=True)
        print("targets: 3 %, 150 MB")
        return
    print(
        f"{'preset':16}{'size':14}{'best':>16}{'bound':>16}{'gap':>12}{'proven':>8}"
        f"{'skeletons':>11}{'boxes':>11}{'search':>10}{'in all':>10}{'memory':>11}"
    )
    for name in arguments.presets:
        sizes = ("log-channels",) if name in MOBILE else arguments.sizes
        for size in sizes:
            print(row(name, size, arguments.time), flush=True)
    print("targets: 3 s, 4 s in all, 300 MB; volume at most 0.5 %, mobile 1 %, in 30 s")


if __name__ == "__main__":
    main()
