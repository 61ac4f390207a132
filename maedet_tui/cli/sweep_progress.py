"""A sweep without a screen: progress as lines, signals heeded, the result at the end."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from pathlib import Path

from maedet_tui import formatting
from maedet_tui.cli import signals
from maedet_tui.cli.failure import FAILED
from maedet_tui.cli.output import print_json
from maedet_tui.cli.progress import Display, Row, shown_on
from maedet_tui.cluster.joining import LOCAL
from maedet_tui.errors import SaveError
from maedet_tui.sweep.begin import driving
from maedet_tui.sweep.driver import Driver
from maedet_tui.sweep.follow import Follower
from maedet_tui.sweep.processes import Lanes, Processes
from maedet_tui.sweep.room import at_once, most_workers
from maedet_tui.sweep.searched import Where
from maedet_tui.sweep.standing import Standing, read
from maedet_tui.terminal import echo

#: seconds between two looks at where all searches stand
READ_EVERY = 1.0


def drive(folder: Path, where: Where, *, as_json: bool = False, detached: bool = False) -> int:
    """Drive a sweep to its end, or until a signal; print the result. Returns the exit code.

    Raises StoreError, NoRay for a cluster that cannot be used, and SweepError for more workers
    than there are processors.
    """
    with signals.collected(keep_on_hangup=detached) as received, driving(folder) as store:
        left = sum(one.state != "finished" for one in store.searches())
        driver = Driver(store, _lanes(where, left, most_workers(store.texts_with("workers"))))
        with (
            closing(Follower(folder)) as follower,
            shown_on(None if detached else sys.stderr if as_json else sys.stdout) as display,
        ):
            told = _Told(follower, display, detached)
            driver.run(told.show, lambda: bool(received))
        found = read(store)
    failed = [one for one in found.searches if one.state == "failed"]
    if as_json:
        print_json(found.values())
    else:
        echo(f"{folder}: {found.words()}")
    for one in failed:
        echo(f"Error: {one.name}: {one.error}", err=True)
    if driver.trouble:
        echo(f"Error: {driver.trouble}", err=True)
    if found.counts["finished"] < len(found.searches):
        echo(f"`maedet-tui sweep resume {folder}` goes on", err=True)
    if received:
        return 128 + received[0]
    return FAILED if failed or driver.trouble else 0


def _lanes(where: Where, left: int, workers: int) -> Lanes:
    """What searches so many, as far as there is room. workers: of a search, at most."""
    if where.ray is not None:
        # an extra, and it takes a while
        from maedet_tui.sweep.rays import OnRay

        if where.ray == LOCAL:
            at_once(where.jobs, left, workers)
        return OnRay(
            where.ray, where.jobs, shared=where.shared, gpus=where.gpus, processors=workers
        )
    return Processes(at_once(where.jobs, left, workers))


class _Told:
    """Progress, read from the databases only when it is about to be shown."""

    def __init__(self, follower: Follower, display: Display, silent: bool):
        self._follower, self._display, self._silent = follower, display, silent
        self._next = 0.0

    def show(self) -> None:
        """Say where the sweep stands, if that was not read a moment ago."""
        if self._silent or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + READ_EVERY
        try:
            found = self._follower.look().standing
        except SaveError:
            return
        self._display.show(_row(found), line=lambda: _line(found))


def _row(found: Standing) -> Row:
    done, count = found.counts["finished"], len(found.searches)
    return Row("searches", done, count, (formatting.percent(found.done, 1.0),))


def _line(found: Standing) -> str:
    return f"{found.words()}, {formatting.percent(found.done, 1.0)} of all iterations"
