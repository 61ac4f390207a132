"""The one writer of a run: its lock, its database, and what a transaction is made of."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.run.checkpoint import Checkpoint
from engine.settings import Preset
from engine.snapshot import Snapshot
from engine.structure import LEVELS
from maedet_tui.store import codec, database
from maedet_tui.store.lock import Holder, RunLock
from maedet_tui.store.reader import Record, RunReader

#: files of a run that the store itself makes
FILES = (
    database.FILE, f"{database.FILE}-wal", f"{database.FILE}-shm", database.UNFINISHED, "run.lock",
)  # fmt: skip

_UNKNOWN = (None,) * len(LEVELS)


class RunStore:
    """A run that this process writes.

    record: what never changes about it. found: the checkpoint that the search goes on
    from, None for a new one. crashed: the process that wrote it before and died.
    """

    def __init__(
        self,
        folder: Path,
        connection: sqlite3.Connection,
        lock: RunLock,
        record: Record,
        found: Checkpoint | None,
    ):
        self.folder = folder
        self.path = folder / database.FILE
        self.crashed: Holder | None = None
        self._connection = connection
        self._lock = lock
        self.record = record
        self.found = found
        self._points = self._bests = 0
        self._born: set[int] = set()
        self._take_note(found)

    @classmethod
    def create(
        cls,
        folder: Path,
        preset: Preset,
        text: str,
        *,
        parent: tuple[str, int] | None = None,
        start_from: Checkpoint | None = None,
    ) -> RunStore:
        """Make the database of a new run in its folder.

        text: the preset as YAML. parent: run and iteration that it continues, with
        start_from its checkpoint. Raises StoreError.
        """
        lock = RunLock(folder)
        lock.take()
        path = folder / database.FILE
        with _released(lock):
            record = Record(preset, text, time.time(), *(parent or (None, None)))
            row = (1, record.created, preset.name, text, record.parent, record.parent_iteration)
            database.create(path, "run", row)
            store = cls(folder, database.open_to_write(path), lock, record, None)
            if start_from is not None:
                store.write(start_from, None)
                store.found = start_from
        return store

    @classmethod
    def reopen(cls, folder: Path) -> RunStore:
        """Take over a run that no process searches. Raises StoreError."""
        path = folder / database.FILE
        if not path.exists():
            raise database.StoreError(f"{folder}: holds no run ({database.FILE} is missing)")
        lock = RunLock(folder)
        before = lock.take()
        with _released(lock):
            connection = database.open_to_write(path)
            with contextlib.closing(RunReader(folder)) as reader:
                store = cls(folder, connection, lock, reader.record, reader.checkpoint())
        store.crashed = before
        return store

    def begin(self) -> None:
        """Note that a process begins to search, and in which environment; what was wished
        of the one before is void. Raises StoreError."""
        with database.explained(self.path):
            self._connection.execute(
                "UPDATE wishes SET heeded = ? WHERE heeded IS NULL", (time.time(),)
            )
            self._connection.execute(
                "INSERT INTO sessions (started, from_iteration, environment) VALUES (?, ?, ?)",
                (
                    time.time(),
                    self.found.iteration if self.found else 0,
                    codec.dumps(environment(self.record.preset)),
                ),
            )

    def write(self, checkpoint: Checkpoint | None, snapshot: Snapshot | None) -> None:
        """Add what is new, all of it or nothing. Raises StoreError."""
        with database.explained(self.path):
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                if checkpoint is not None:
                    self._write_checkpoint(checkpoint)
                if snapshot is not None:
                    self._write_status(snapshot)
                connection.execute("COMMIT")
            except BaseException:
                # a full disk makes SQLite roll back by itself
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        self._take_note(checkpoint)

    def _take_note(self, written: Checkpoint | None) -> None:
        """Remember what the database has of a checkpoint, so that it is not written twice."""
        if written is not None:
            self._points, self._bests = len(written.history), len(written.bests)
            self._born = {member.born for member in written.evolution.members}

    def _write_checkpoint(self, checkpoint: Checkpoint) -> None:
        connection, state = self._connection, checkpoint.evolution
        points = checkpoint.history[self._points :]
        database.insert(
            connection, "history", [(point.iteration, point.z, point.accepted) for point in points]
        )
        stages = [
            (point.iteration, level, *cost, part)
            for point in points
            for level, cost, part in zip(LEVELS, point.stage_costs, point.parts or _UNKNOWN)
        ]
        database.insert(connection, "stages", stages)
        bests = checkpoint.bests[self._bests :]
        database.insert(connection, "bests", [codec.member_row(best) for best in bests])
        members = state.members
        gone = list(self._born.difference(member.born for member in members))
        for chunk in database.chunks(gone):
            marks = ",".join("?" * len(chunk))
            connection.execute(f"DELETE FROM population WHERE iteration IN ({marks})", chunk)
        born = [codec.member_row(member) for member in members if member.born not in self._born]
        database.insert(connection, "population", born)
        database.insert(connection, "counts", list(state.counts.items()), verb="REPLACE")
        row = (
            1, time.time(), state.iteration, state.begun, state.switched_at,
            checkpoint.seconds, checkpoint.batch, codec.dumps(state.rng),
        )  # fmt: skip
        database.insert(connection, "checkpoint", [row], verb="REPLACE")

    def _write_status(self, snapshot: Snapshot) -> None:
        row = (
            1, time.time(), snapshot.state, codec.phase_text(snapshot.phase, snapshot.progress),
            snapshot.iteration, snapshot.iterations, snapshot.seconds, snapshot.rate, snapshot.eta,
            snapshot.scorer, snapshot.best.score.z if snapshot.best else None,
            snapshot.best_iteration, codec.dumps(codec.findings(snapshot)),
        )  # fmt: skip
        database.insert(self._connection, "status", [row], verb="REPLACE")

    def heed(self) -> list[str]:
        """The wishes of other processes that are new, oldest first. Raises StoreError."""
        with database.explained(self.path):
            rows = self._connection.execute(
                "SELECT id, wish FROM wishes WHERE heeded IS NULL ORDER BY id"
            ).fetchall()
            if rows:
                self._connection.execute(
                    "UPDATE wishes SET heeded = ? WHERE heeded IS NULL AND id <= ?",
                    (time.time(), rows[-1]["id"]),
                )
        return [str(row["wish"]) for row in rows]

    def data_version(self) -> int:
        """Changes whenever another process has written to the database. Raises StoreError."""
        with database.explained(self.path):
            return int(database.value(self._connection, "PRAGMA data_version"))

    def close(self) -> None:
        """Let go of the run; what was written stays."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._lock.release()

    def discard(self) -> None:
        """Close, and take the store's files away."""
        self.close()
        for name in FILES:
            with contextlib.suppress(OSError):
                (self.folder / name).unlink()


@contextlib.contextmanager
def _released(lock: RunLock) -> Iterator[None]:
    """Give the lock back if what follows fails."""
    try:
        yield
    except BaseException:
        lock.release()
        raise


def environment(preset: Preset) -> dict[str, Any]:
    """What a result depends on besides the preset, as plain data."""
    # a search's first paint is there before it begins
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for package in ("maedet-tui", "numpy", "torch"):
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {
        "versions": {"python": platform.python_version(), **versions},
        "platform": platform.platform(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "command": sys.argv[:1] + sys.argv[1:][:50],
        "seed": preset.schedule.seed,
        "scorer_asked": preset.scorer,
        "device_asked": preset.device,
    }
