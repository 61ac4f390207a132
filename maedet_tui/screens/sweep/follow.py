"""A sweep read again and again, in a thread: only what has changed is read anew."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import holder
from maedet_tui.store.reader import RunReader
from maedet_tui.sweep.searched import Search
from maedet_tui.sweep.standing import Standing, now
from maedet_tui.sweep.store import SweepStore

#: a course of a search: (iteration, Z)
Course = tuple[tuple[int, float], ...]
_OVER = ("finished", "failed")


class Seen(NamedTuple):
    """A sweep at one moment, and the courses of its searches by number."""

    standing: Standing
    courses: dict[int, Course]


class Follower:
    """Reads a sweep; one thread at a time."""

    def __init__(self, folder: Path):
        """Open it. Raises StoreError."""
        self.folder = folder
        self._store = SweepStore(folder)
        self._version = -1
        self._rows: tuple[Search, ...] = ()
        self._kept: dict[int, Search] = {}
        self._courses: dict[int, tuple[int, Course]] = {}

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()

    def look(self, *, courses: bool) -> Seen:
        """Where the sweep stands now. courses: read those too. Raises StoreError."""
        version = self._store.data_version()
        if version != self._version:
            self._rows, self._version = self._store.searches(), version
            self._kept = {}
        live = holder(self.folder) is not None
        searches = tuple(self._now(one, live) for one in self._rows)
        if courses:
            for one in searches:
                if one.iteration:
                    self._read_course(one)
        found = {number: course for number, (_, course) in self._courses.items()}
        return Seen(Standing(self.folder, searches, live), found)

    def _now(self, one: Search, live: bool) -> Search:
        if one.state in _OVER:
            return one
        if one.state == "running" and live:
            return now(self.folder, one, live)
        # what nobody searches stays as it is until the sweep's database says otherwise
        if one.number not in self._kept or one.state == "running":
            self._kept[one.number] = now(self.folder, one, live)
        return self._kept[one.number]

    def _read_course(self, one: Search) -> None:
        known = self._courses.get(one.number)
        if known is not None and known[0] == one.iteration:
            return
        run = self.folder / one.name
        with contextlib.suppress(StoreError), contextlib.closing(RunReader(run)) as reader:
            self._courses[one.number] = (one.iteration, tuple(reader.course()))
