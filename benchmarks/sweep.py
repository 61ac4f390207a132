"""Sweeps: searches a minute by jobs, what the driver costs, and how fast searches are handed out.

    python -m benchmarks sweep [--parts rate ray exact screen dispatch ray-dispatch scale workers]
        [--searches 24] [--iterations 96000] [--budgets 100] [--tasks 200]

`rate` sweeps MAE-DET-M with one job and with two, one after the other, and `ray` with two
processes and on a Ray cluster of two processors; compare them on an idle machine alone. Shares of
processor time hold on a busy one too. `exact` proves the optimum of each of many budgets. `screen`
watches 200 searches at a time. `dispatch` and `ray-dispatch` hand out searches that search nothing,
and `scale` simulates how many machines one driver would feed by that. `workers` searches MAE-DET-M
by forward passes without workers, with one and with two.
"""

from __future__ import annotations

import argparse
import os
import pickle
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.scale import scale
from engine.run.runner import Runner
from maedet_tui.presets import load
from maedet_tui.sweep.begin import driving, new_sweep
from maedet_tui.sweep.driver import Driver
from maedet_tui.sweep.plan import Wanted, plan
from maedet_tui.sweep.processes import Lanes, Processes
from maedet_tui.sweep.searched import Ended, Task
from maedet_tui.sweep.standing import standing
from maedet_tui.sweep.store import SweepStore
from maedet_tui.sweep.varied import Varied, parse_varied

PARTS = ("rate", "ray", "exact", "screen", "dispatch", "ray-dispatch", "scale", "workers")


def nothing(task: Task) -> Ended:
    """A search that searches nothing."""
    return Ended("finished", place="here", iteration=1, z=1.0)


def processor(who: int) -> float:
    """Seconds of the processor of this process, or of its children that have ended."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def swept(folder: Path, lanes: Lanes) -> tuple[float, float, float]:
    """Seconds, and those of the processor in this process and in those that searched."""
    began, own, others = time.monotonic(), processor(0), processor(resource.RUSAGE_CHILDREN)
    with driving(folder) as store:
        Driver(store, lanes).run(lambda: None, lambda: False)
    others = processor(resource.RUSAGE_CHILDREN) - others
    return time.monotonic() - began, processor(0) - own, others


def family(searches: int, iterations: int, population: int) -> Wanted:
    """So many seeds of MAE-DET-M."""
    varied = (
        Varied("search.iterations", (iterations,)),
        Varied("search.population", (population,)),
    )
    return Wanted(("maedet-m",), varied, searches)


def timed(scratch: Path, wanted: Wanted, name: str, lanes: Lanes) -> tuple[float, float, float]:
    """A whole sweep: seconds as `swept` has them."""
    folder = new_sweep(wanted, plan(wanted), scratch, name)
    found = swept(folder, lanes)
    at = standing(folder)
    assert at.counts["finished"] == len(at.searches), at.words()
    return found


def rate(scratch: Path, wanted: Wanted) -> None:
    """One job, then two."""
    print("jobs   seconds  searches/min    driver  searching   share  peak of one")
    rates = []
    searches = wanted.seeds or 1
    for jobs in (1, 2):
        seconds, own, others = timed(scratch, wanted, f"rate-{jobs}", Processes(jobs))
        rates.append(searches / seconds)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        share = 100 * own / (own + others)
        print(
            f"{jobs:>4}{seconds:>10.1f}{60 * rates[-1]:>14.1f}{own:>8.2f} s"
            f"{others:>9.1f} s{share:>6.2f} %{peak / 1e6:>10.0f} MB"
        )
    print(f"two jobs are {rates[1] / rates[0]:.2f} times as fast as one")


def ray(scratch: Path, wanted: Wanted) -> None:
    """Two processes, and two processors of a Ray cluster that is up."""
    from maedet_tui.sweep.rays import OnRay

    here, *_ = timed(scratch, wanted, "processes", Processes(2))
    began = time.monotonic()
    lanes = OnRay("local", 2)
    up = time.monotonic() - began
    there, *_ = timed(scratch, wanted, "ray", lanes)
    print(
        f"processes {here:.1f} s, Ray {there:.1f} s ({100 * (there / here - 1):+.1f} %); "
        f"it was up in {up:.1f} s"
    )


def exact(scratch: Path, budgets: int) -> None:
    """The proven optimum under each of many budgets of FLOPs, by two processes."""
    varied = (
        parse_varied(f"budget.flops=50G..150G:{budgets}"),
        Varied("search.strategy", ("exact",)),
    )
    seconds, own, others = timed(scratch, Wanted(("maedet-m",), varied), "exact", Processes(2))
    print(f"{budgets} exact budgets: {seconds:.1f} s, {own + others:.1f} s of processors")


def dispatch(scratch: Path, tasks: int, lanes: Lanes, name: str) -> float:
    """Searches that search nothing, handed out; seconds of the driver's processor for each."""
    wanted = Wanted(("maedet-m",), (), tasks)
    folder = new_sweep(wanted, plan(wanted), scratch, name)
    with SweepStore(folder) as store:
        task = Task(1, str(folder / "001"), store.preset_text(1))
    size = len(pickle.dumps(task)) + len(pickle.dumps(nothing(task)))
    seconds, own, _ = swept(folder, lanes)
    print(
        f"{name}: {tasks} empty searches, {tasks / seconds:.0f} a second, the start of what runs "
        f"them included; each {1e3 * own / tasks:.2f} ms of the driver's processor, {size:,} bytes"
    )
    return own / tasks


def workers(iterations: int) -> None:
    """One search by forward passes, its workers up before its time is taken."""
    preset = load("maedet-m")
    schedule = replace(preset.schedule, population=32, iterations=iterations, fine_at=1.0)
    preset = replace(preset, scorer="forward", device="cpu", bound=False, schedule=schedule)
    for count in (None, 1, 2):
        runner = Runner(replace(preset, workers=count))
        runner.start()
        while runner.snapshot.iteration == 0 and not runner.join(0.1):
            pass
        began, at = time.monotonic(), runner.snapshot.iteration
        while runner.snapshot.phase != "checking" and not runner.join(0.02):
            pass
        took, made = time.monotonic() - began, iterations - at
        scorer = runner.snapshot.scorer
        print(f"{scorer}: {made} iterations in {took:.1f} s, {made / took:.1f} a second")
        runner.stop()
        runner.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--searches", type=int, default=24)
    parser.add_argument("--iterations", type=int, default=96_000)
    parser.add_argument("--population", type=int, default=256)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument(
        "--dispatch",
        type=float,
        default=7.5,
        help="ms of the driver for each search, if `ray-dispatch` is not among the parts",
    )
    parser.add_argument("--budgets", type=int, default=100)
    parser.add_argument("--passes", type=int, default=400)
    parser.add_argument("--watched", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder, parts = Path(scratch), given.parts
        wanted = family(given.searches, given.iterations, given.population)
        load = os.getloadavg()[0]
        print(f"load {load:.1f}; searches are {given.searches} of maedet-m, N = "
              f"{given.population}, T = {given.iterations:,}")  # fmt: skip
        if "rate" in parts:
            rate(folder, wanted)
        if "ray" in parts:
            ray(folder, wanted)
        if "exact" in parts:
            exact(folder, given.budgets)
        if "screen" in parts:
            # pexpect and pyte, which the other parts do without
            from benchmarks.sweep_screen import screen

            screen(folder, given.watched)
        if "dispatch" in parts:
            dispatch(folder, given.tasks, Processes(2, nothing), "dispatch")
        if "ray-dispatch" in parts:
            from maedet_tui.sweep.rays import OnRay

            lanes = OnRay("local", 2, work=nothing)
            given.dispatch = 1e3 * dispatch(folder, given.tasks, lanes, "ray-dispatch")
        if "scale" in parts:
            scale(folder, given.dispatch / 1e3, given.iterations)
        if "workers" in parts:
            workers(given.passes)


if __name__ == "__main__":
    main()
