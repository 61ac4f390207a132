"""Sweeps: searches a minute by jobs, what the driver costs, and how fast searches are handed out.

    python -m benchmarks sweep [--parts rate dispatch] [--searches 24] [--iterations 96000]

`rate` sweeps MAE-DET-M with one job and with two, one after the other; compare them on an idle
machine alone. Shares of processor time hold on a busy one too. `dispatch` hands out searches that
search nothing.
"""

from __future__ import annotations

import argparse
import pickle
import resource
import tempfile
import time
from pathlib import Path

from maedet_tui.sweep.begin import driving, new_sweep
from maedet_tui.sweep.driver import Driver
from maedet_tui.sweep.plan import Wanted, plan
from maedet_tui.sweep.processes import Processes
from maedet_tui.sweep.searched import Ended, Task
from maedet_tui.sweep.standing import standing
from maedet_tui.sweep.store import SweepStore
from maedet_tui.sweep.varied import Varied

PARTS = ("rate", "dispatch")


def nothing(task: Task) -> Ended:
    """A search that searches nothing."""
    return Ended("finished", place="here", iteration=1, z=1.0)


def processor(who: int) -> float:
    """Seconds of the processor of this process, or of its children that have ended."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def swept(folder: Path, lanes: Processes) -> tuple[float, float, float]:
    """Seconds, and those of the processor in this process and in those that searched."""
    began, own, others = time.monotonic(), processor(0), processor(resource.RUSAGE_CHILDREN)
    with driving(folder) as store:
        Driver(store, lanes).run(lambda: None, lambda: False)
    others = processor(resource.RUSAGE_CHILDREN) - others
    return time.monotonic() - began, processor(0) - own, others


def rate(scratch: Path, searches: int, iterations: int, population: int) -> None:
    """One job, then two."""
    varied = (
        Varied("search.iterations", (iterations,)),
        Varied("search.population", (population,)),
    )
    wanted = Wanted(("maedet-m",), varied, searches)
    planned = plan(wanted)
    print(f"{searches} searches of maedet-m, {iterations:,} iterations each")
    print("jobs   seconds  searches/min    driver  searching   share  peak of one")
    for jobs in (1, 2):
        folder = new_sweep(wanted, planned, scratch, f"rate-{jobs}")
        seconds, own, others = swept(folder, Processes(jobs))
        assert standing(folder).counts["finished"] == searches
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        share = 100 * own / (own + others)
        print(
            f"{jobs:>4}{seconds:>10.1f}{60 * searches / seconds:>14.1f}{own:>8.2f} s"
            f"{others:>9.1f} s{share:>6.2f} %{peak / 1e6:>10.0f} MB"
        )


def dispatch(scratch: Path, tasks: int) -> None:
    """Searches that search nothing, handed to two processes."""
    wanted = Wanted(("maedet-m",), (), tasks)
    folder = new_sweep(wanted, plan(wanted), scratch, "dispatch")
    with SweepStore(folder) as store:
        task = Task(1, str(folder / "001"), store.preset_text(1))
    size = len(pickle.dumps(task)) + len(pickle.dumps(nothing(task)))
    seconds, own, _ = swept(folder, Processes(2, nothing))
    print(
        f"{tasks} empty searches: {tasks / seconds:.0f} a second, the start of two processes "
        f"included; each {1e3 * own / tasks:.2f} ms of the driver's processor, {size:,} bytes"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--searches", type=int, default=24)
    parser.add_argument("--iterations", type=int, default=96_000)
    parser.add_argument("--population", type=int, default=256)
    parser.add_argument("--tasks", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if "rate" in given.parts:
            rate(Path(scratch), given.searches, given.iterations, given.population)
        if "dispatch" in given.parts:
            dispatch(Path(scratch), given.tasks)


if __name__ == "__main__":
    main()
