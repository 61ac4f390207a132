"""A sweep read again and again: only what has changed is read anew."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from maedet_tui.store import database
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import FILE as LOCK
from maedet_tui.store.lock import holder
from maedet_tui.store.reader import RunReader
from maedet_tui.sweep.searched import Search
from maedet_tui.sweep.standing import Standing, looked_at, now
from maedet_tui.sweep.store import SweepStore

#: a course of a search: (iteration, Z) wherever Z has changed, and where it stands
Course = tuple[tuple[float, float], ...]
#: what changes whenever a process takes a run, writes to it or leaves it
_WRITTEN = (database.FILE, f"{database.FILE}-wal", LOCK)
#: of each of these files: which it is, its bytes, when it was written; None: it is not there
_Stamp = tuple[tuple[int, int, int] | None, ...]


class Seen(NamedTuple):
    """A sweep at one moment, and the courses of its searches by number."""

    standing: Standing
    courses: dict[int, Course]


class _Kept(NamedTuple):
    """What a run had when its files were as `stamp` says, for a row of the sweep's database and
    a sweep that was driven or not. sure: it was read after the stamp had been seen before, so
    that nothing was written since within one tick of the file system's clock."""

    row: Search
    live: bool
    stamp: _Stamp
    sure: bool
    found: Search


class Follower:
    """Reads a sweep; one thread at a time."""

    def __init__(self, folder: Path):
        """Open it. Raises StoreError."""
        self.folder = folder
        self._store = SweepStore(folder)
        self._version = -1
        self._rows: tuple[Search, ...] = ()
        self._kept: dict[int, _Kept] = {}
        self._courses: dict[int, tuple[int, Course]] = {}

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def look(self, *, courses: bool = False) -> Seen:
        """Where the sweep stands now. courses: read those too. Raises StoreError."""
        version = self._store.data_version()
        if version != self._version:
            self._rows, self._version = self._store.searches(), version
        live = holder(self.folder) is not None
        searches = tuple(self._now(one, live) if looked_at(one) else one for one in self._rows)
        if courses:
            for one in searches:
                if one.iteration:
                    self._read_course(one)
        found = {number: course for number, (_, course) in self._courses.items()}
        return Seen(Standing(self.folder, searches, live), found)

    def _now(self, row: Search, live: bool) -> Search:
        stamp = _stamp(self.folder / row.name)
        kept = self._kept.get(row.number)
        same = kept is not None and kept[:3] == (row, live, stamp)
        if kept is None or not same or not kept.sure:
            kept = _Kept(row, live, stamp, same, now(self.folder, row, live))
            self._kept[row.number] = kept
        return kept.found

    def _read_course(self, one: Search) -> None:
        known = self._courses.get(one.number)
        if known is not None and known[0] == one.iteration:
            return
        run = self.folder / one.name
        with contextlib.suppress(StoreError), contextlib.closing(RunReader(run)) as reader:
            self._courses[one.number] = (one.iteration, steps(reader.course()))


def steps(history: Sequence[tuple[int, float]]) -> Course:
    """A history without the points that a step curve through it can do without."""
    found: list[tuple[float, float]] = []
    for iteration, z in history:
        if not found or z != found[-1][1]:
            found.append((float(iteration), z))
    if found and found[-1][0] < history[-1][0]:
        found.append((float(history[-1][0]), found[-1][1]))
    return tuple(found)


def _stamp(run: Path) -> _Stamp:
    """The state of a run's files, without opening one."""
    found: list[tuple[int, int, int] | None] = []
    for name in _WRITTEN:
        try:
            file = os.stat(f"{run}/{name}")
        except OSError:
            found.append(None)
        else:
            found.append((file.st_ino, file.st_size, file.st_mtime_ns))
    return tuple(found)
