"""The screen of a sweep with many searches under way: how often it changes, how fast it obeys."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles

from benchmarks.terminal import Terminal
from maedet_tui.store.database import FILE
from maedet_tui.sweep.begin import driving, new_sweep
from maedet_tui.sweep.follow import Follower
from maedet_tui.sweep.plan import Wanted, plan
from maedet_tui.sweep.searched import Task
from maedet_tui.sweep.varied import Varied
from maedet_tui.sweep.worker import search

#: a text that each of the plots has alone, by its key
TITLES = {"2": "as the searches go on", "3": "Z of each seed", "1": "against its FLOPs"}

#: seconds between two keys
APART = 1.0


def screen(scratch: Path, searches: int) -> None:
    """All searches are running, and two of them write at any moment.

    They are copies of one run whose numbers are changed here, for so many real ones would leave
    the screen no processor.
    """
    varied = (Varied("search.iterations", (3000,)), Varied("search.population", (32,)))
    folder = _running(scratch, Wanted(("maedet-m",), varied, searches))
    with driving(folder), closing(Follower(folder)) as follower:
        for courses in (False, True):
            follower.look(courses=courses)
            times = []
            for _ in range(10):
                began = time.perf_counter()
                follower.look(courses=courses)
                times.append(time.perf_counter() - began)
            what = "with all courses" if courses else "states alone"
            print(f"a look at {searches} running searches, {what}: {1e3 * median(times):.0f} ms")
        over = threading.Event()
        writer = threading.Thread(target=_write, args=(folder, searches, over))
        writer.start()
        try:
            _watched(folder)
        finally:
            over.set()
            writer.join()


def _watched(folder: Path) -> None:
    terminal = Terminal("sweep", "watch", folder.name, "--runs-dir", str(folder.parent))
    terminal.read(8.0)
    since = time.perf_counter()
    terminal.read(6.0)
    until = time.perf_counter()
    sent = []
    for key in [*TITLES] * 8:
        sent.append((time.perf_counter(), TITLES[key]))
        terminal.child.send(key)
        terminal.read(APART)
    terminal.close()
    screens = [(when, "\n".join(lines)) for when, lines in terminal.screens()]
    texts = [text for when, text in screens if since <= when <= until]
    changed = sum(one != other for one, other in pairwise(texts))
    # one that did not show before the next one was pressed counts as long as that
    delays = [
        1e3 * (next((w for w, text in screens if at < w and title in text), at + APART) - at)
        for at, title in sent
    ]
    print(
        f"the screen changed {changed / (until - since):.1f} times a second; a key showed within "
        f"{median(delays):.0f} ms in the median, {quantiles(delays, n=20)[-1]:.0f} ms in 19 of 20"
    )


def _running(scratch: Path, wanted: Wanted) -> Path:
    """A sweep of which each search is running, with a run of its own."""
    planned = plan(wanted)
    folder = new_sweep(wanted, planned, scratch, "screen")
    first = planned.searches[0]
    search(Task(1, str(folder / first.name), first.text), lambda: False, lambda: None)
    with closing(sqlite3.connect(folder / first.name / FILE)) as run:
        run.execute("UPDATE status SET state = 'running'")
        run.commit()
        run.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for one in planned.searches[1:]:
        shutil.copytree(folder / first.name, folder / one.name)
    with driving(folder) as store:
        store.set_states([one.number for one in planned.searches], "running")
    return folder


def _write(folder: Path, searches: int, over: threading.Event) -> None:
    """Two of the searches at a time get further, twice a second each, as real ones record."""
    names = sorted(path.parent for path in folder.glob(f"*/{FILE}"))
    iteration = 0
    while not over.wait(0.25 / 2):
        iteration += 7
        for name in (names[iteration % searches], names[(iteration + 1) % searches]):
            with closing(sqlite3.connect(name / FILE, timeout=5)) as run:
                run.execute("UPDATE status SET iteration = ?", (iteration % 3000,))
                run.commit()
