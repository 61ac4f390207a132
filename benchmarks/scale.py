"""How many machines one driver of a sweep feeds: simulated with times that were measured.

The driver is one server. It hands a search over and takes its end; of a search whose folder is
not shared, it writes what comes home at intervals. A processor whose search has ended waits until
the driver has come to that, behind all that came before.
"""

from __future__ import annotations

import heapq
import time
from pathlib import Path
from random import Random
from typing import NamedTuple

from maedet_tui.presets.write import dump
from maedet_tui.sweep.home import pack, unpack
from maedet_tui.sweep.plan import Wanted, plan
from maedet_tui.sweep.rays import HOME_EVERY
from maedet_tui.sweep.searched import Task
from maedet_tui.sweep.varied import Varied
from maedet_tui.sweep.worker import search

#: processors of a machine, machines, and seconds of a search that are tried
PROCESSORS, MACHINES, SEARCHES = 32, (10, 30, 100, 300, 1000), (10.0, 60.0, 600.0)
#: searches of each processor that are simulated
ROUNDS = 10


class Home(NamedTuple):
    """What it takes to bring a run home once: bytes, seconds of the driver's processor to write
    it, and of the machine's that searches to pack it."""

    size: int
    write: float
    pack: float


def home(scratch: Path, iterations: int) -> Home:
    """Measure it, with a search of MAE-DET-M that has ended."""
    varied = (Varied("search.iterations", (iterations,)), Varied("search.seed", (0, 1)))
    preset = plan(Wanted(("maedet-m",), varied)).searches[0].preset
    folder = scratch / "home" / "run"
    folder.parent.mkdir()
    search(Task(1, str(folder), dump(preset)), lambda: False, lambda: None)
    times = []
    for _ in range(20):
        began = time.process_time()
        files = pack(folder)
        packed = time.process_time()
        unpack(files, scratch / "home" / "there")
        times.append((time.process_time() - packed, packed - began))
    write, packing = (sorted(one)[len(one) // 2] for one in zip(*times, strict=True))
    return Home(sum(map(len, files.values())), write, packing)


def busy(processors: int, length: float, dispatch: float, write: float) -> float | None:
    """The share of their time that processors search; None where the driver never catches up.

    length: seconds of a search, give or take a tenth. dispatch: seconds of the driver for each.
    write: for each time that a run comes home, which leaves it that much less time for others;
    0 where it does not come home.
    """
    coming = processors * write / HOME_EVERY
    if coming >= 1:
        return None
    each = dispatch / (1 - coming)
    rng = Random(0)
    free = searched = until = 0.0
    left = [ROUNDS] * processors
    # all ask for their first search at once, as when a sweep begins
    asking = [(0.0, one) for one in range(processors)]
    while asking:
        now, number = heapq.heappop(asking)
        # `free` is when the driver has done all that came before
        free = max(free, now) + each
        if left[number]:
            left[number] -= 1
            took = length * rng.uniform(0.9, 1.1)
            searched += took
            until = max(until, free + took)
            heapq.heappush(asking, (free + took, number))
    return searched / (processors * until)


def scale(scratch: Path, dispatch: float, iterations: int) -> None:
    """Print the simulation. dispatch: seconds of the driver's processor for each search."""
    measured = home(scratch, iterations)
    print(
        f"a run of T = {iterations:,} is {measured.size / 1e3:.0f} kB; to bring it home takes "
        f"{1e3 * measured.pack:.1f} ms where it is searched and {1e3 * measured.write:.1f} ms of "
        f"the driver, each {HOME_EVERY:.0f} s; a search takes {1e3 * dispatch:.1f} ms of the driver"
    )
    print(f"share of the time that processors search, {PROCESSORS} to a machine")
    print("searches of  folder    " + "".join(f"{count:>8,}" for count in MACHINES) + "  machines")
    for length in SEARCHES:
        for name, write in (("shared", 0.0), ("brought", measured.write)):
            shares = [busy(count * PROCESSORS, length, dispatch, write) for count in MACHINES]
            said = "".join("       -" if one is None else f"{100 * one:>6.0f} %" for one in shares)
            print(f"{length:>7.0f} s    {name:10}{said}")
