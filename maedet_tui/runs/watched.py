"""A search in another process, or one long ended, as its database shows it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.search.member import Member
from engine.snapshot import Snapshot
from maedet_tui.errors import SaveError
from maedet_tui.store.control import wish
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import Holder, crashed, holder
from maedet_tui.store.reader import RunReader

#: seconds between two looks at the database, and at whether its process lives
LOOK_EVERY, PROBE_EVERY = 0.2, 1.0


class WatchedRun:
    """A `maedet_tui.runs.run.SearchRun` that follows a run's database and writes none of it.

    Pausing and stopping are wishes that the searching process heeds. The end of this
    object means nothing to the search; any number may watch one run.
    """

    here = False

    def __init__(self, folder: Path):
        """Open the run. Raises StoreError."""
        self.run_dir = folder
        self._reader = RunReader(folder)
        self.preset = self._reader.record.preset
        self._seen = -1
        self._live = False
        self._holder: Holder | None = None
        self._next_look = self._next_probe = 0.0
        self._read: Snapshot | None = None
        self._trouble: str | None = None
        self._reading, self._closed = threading.Lock(), False
        self._snapshot = self._starting()

    @classmethod
    def readable(cls, folder: Path) -> WatchedRun:
        """A run of which something can be shown. Raises StoreError, also for a damaged one."""
        run = cls(folder)
        _ = run.snapshot  # a long history takes a while to read
        if run._read is None and run._trouble is not None:
            run.close()
            raise StoreError(run._trouble)
        return run

    @property
    def snapshot(self) -> Snapshot:
        """The newest state that the searching process has written."""
        now = time.monotonic()
        if now >= self._next_look and self._reading.acquire(blocking=False):
            try:
                self._next_look = now + LOOK_EVERY
                if not self._closed:
                    self._look(now)
            finally:
                self._reading.release()
        return self._snapshot

    @property
    def pid(self) -> int | None:
        """The process that searches, if it does so on this machine."""
        found = self._holder
        return found.pid if found is not None and found.here else None

    @property
    def live(self) -> bool:
        """Whether a process searches the run, as of the last look."""
        return self._live

    def pause(self) -> None:
        self._wish("pause")

    def resume(self) -> None:
        self._wish("resume")

    def stop(self) -> None:
        """Have the search end for good."""
        self._wish("stop")

    def give_way(self) -> None:
        """Another process searches, and holds up nothing here."""

    @property
    def detachable(self) -> bool:
        """It is in a process of its own already."""
        return False

    def detach(self) -> None:
        """Nothing to do: the end of this object means nothing to the search."""

    def save(self) -> Path:
        """Have the best so far written by the process that searches; the path of the YAML.

        Raises SaveError.
        """
        path = self.run_dir / "best.yaml"
        if self._live:
            wish(self.run_dir, "save")
        elif not path.exists():
            raise SaveError(
                f"{path}: was not saved, and nobody searches this run any more; "
                f"`maedet-tui resume {self.run_dir}` goes on with it"
            )
        return path

    def best_at(self, iteration: int) -> Member | None:
        """The structure that was the best then, as far as that can be read."""
        with self._reading:
            if self._closed:
                return None
            try:
                return self._reader.best_at(iteration)
            except StoreError:  # a look says so
                return None

    def close(self) -> None:
        """Let go of the database; the search goes on, and the last state seen stays.

        Any thread may close while another looks: SQLite ends the process of whoever reads
        from a connection as it is closed.
        """
        with self._reading:
            self._closed = True
            self._reader.close()

    def _wish(self, word: str) -> None:
        if not self._live:
            return
        try:
            wish(self.run_dir, word)
        except StoreError as error:
            self._trouble = f"Not asked to {word}: {error}"
            self._publish()

    def _look(self, now: float) -> None:
        changed = False
        if now >= self._next_probe:
            self._next_probe = now + PROBE_EVERY
            self._holder = holder(self.run_dir)
            live = self._holder is not None
            changed, self._live = live != self._live, live
        try:
            if self._reader.replaced:  # the search has had to write its database anew
                before, self._reader, self._seen = self._reader, RunReader(self.run_dir), -1
                before.close()
            seen = self._reader.data_version()
            if seen != self._seen or changed:
                self._read, self._seen = self._reader.snapshot(), seen
                changed, self._trouble = True, None
        except StoreError as error:
            changed, self._trouble = changed or str(error) != self._trouble, str(error)
        if changed:
            self._publish()

    def _publish(self) -> None:
        snapshot = self._read or self._starting()
        notices = []
        if not self._live and not snapshot.ended:
            # its process is gone: what stands there will not change any more
            dead = crashed(self.run_dir)
            notices.append(
                f"{dead or 'the process that searched'} is gone without having ended this run; "
                f"`maedet-tui resume {self.run_dir}` goes on with it"
            )
            snapshot = replace(snapshot, state="stopped", eta=None)
        if self._trouble:
            notices.append(self._trouble)
        if notices:
            snapshot = replace(snapshot, notices=(*snapshot.notices, *notices))
        self._snapshot = snapshot

    def _starting(self) -> Snapshot:
        return Snapshot(
            state="starting",
            phase="coarse",
            iteration=0,
            iterations=self.preset.schedule.iterations,
            seconds=0.0,
            rate=0.0,
            eta=None,
            scorer=self.preset.scorer,
        )


@contextlib.contextmanager
def watching(folder: Path) -> Iterator[WatchedRun]:
    """A `WatchedRun` that is closed at the end."""
    run = WatchedRun.readable(folder)
    try:
        yield run
    finally:
        run.close()
