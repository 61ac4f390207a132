"""The one writer of a run: its lock, its database, and what a transaction is made of."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.run.checkpoint import Checkpoint
from engine.settings import Preset
from engine.snapshot import Snapshot
from maedet_tui.errors import SaveError
from maedet_tui.store import codec, database
from maedet_tui.store.about import Record
from maedet_tui.store.claim import PRESET_COPY, Claim, write_preset_copy
from maedet_tui.store.environment import environment
from maedet_tui.store.lock import Held, Holder, RunLock
from maedet_tui.store.reader import RunReader
from maedet_tui.store.rows import NOTHING, Had, write_checkpoint, write_status
from maedet_tui.store.watch import Watch

#: columns of `sessions`
_SESSION = "started, from_iteration, environment"


class RunStore:
    """A run that this process writes.

    record: what never changes about it. found: the checkpoint that the search goes on
    from, None for a new one. crashed: the process that wrote it before and died. closed:
    this process has let go of it.
    """

    def __init__(
        self,
        claim: Claim,
        connection: sqlite3.Connection,
        record: Record,
        found: Checkpoint | None,
    ):
        self.folder = claim.folder
        self.path = self.folder / database.FILE
        self.crashed: Holder | None = None
        self._claim = claim
        self._connection = connection
        # a search that does not end in time is closed while its recorder still goes on
        self._using, self.closed = threading.RLock(), False
        self._place, self._watch = _identity(self.folder), Watch(self.path)
        self._other: Held | None = None
        self.record = record
        self.found = found
        self._had = NOTHING
        self._take_note(found)
        self._sessions = [
            tuple(row) for row in connection.execute(f"SELECT {_SESSION} FROM sessions ORDER BY id")
        ]

    @classmethod
    def create(
        cls,
        folder: Path,
        preset: Preset,
        text: str,
        *,
        claim: Claim | None = None,
        parent: tuple[str, int] | None = None,
        start_from: Checkpoint | None = None,
    ) -> RunStore:
        """Make the database of a new run in its folder.

        text: the preset as YAML. claim: of the folder, which is locked here without one.
        parent: run and iteration that it continues, with start_from its checkpoint. Raises
        StoreError; the claim is the caller's to give up then.
        """
        if claim is None:
            lock = RunLock(folder)
            lock.take()
            with _released(lock):
                return cls.create(
                    folder, preset, text,
                    claim=Claim(lock, new=True), parent=parent, start_from=start_from,
                )  # fmt: skip
        record = Record(preset, text, time.time(), *(parent or (None, None)))

        def fill(connection: sqlite3.Connection) -> None:
            _write_record(connection, record)
            if start_from is not None:
                write_checkpoint(connection, start_from)

        path = folder / database.FILE
        database.create(path, fill)
        connection = database.open_to_write(path)
        with database.explained(path):
            return cls(claim, connection, record, start_from)

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
            with contextlib.closing(RunReader(folder)) as reader, database.explained(path):
                store = cls(Claim(lock, new=False), connection, reader.record, reader.checkpoint())
        store.crashed = before
        return store

    def begin(self) -> None:
        """Note that a process begins to search, and in which environment; what was wished
        of the one before is void. Raises StoreError."""
        session = (
            time.time(),
            self.found.iteration if self.found else 0,
            codec.dumps(environment(self.record.preset)),
        )
        self._sessions.append(session)
        with self._used():
            self._connection.execute(
                "UPDATE wishes SET heeded = ? WHERE heeded IS NULL", (time.time(),)
            )
            _write_session(self._connection, session)

    def write(self, checkpoint: Checkpoint | None, snapshot: Snapshot | None) -> None:
        """Add what is new, all of it or nothing. Raises StoreError."""
        try:
            with self._used():
                try:
                    self._add(checkpoint, snapshot)
                except sqlite3.OperationalError as error:
                    if "full" not in str(error):
                        raise
                    database.make_room(self._connection)
                    self._add(checkpoint, snapshot)
                self._take_note(checkpoint)
        except database.StoreError as error:
            if error.damage:
                self._watch.suspect()
            raise

    def _add(self, checkpoint: Checkpoint | None, snapshot: Snapshot | None) -> None:
        with database.transaction(self._connection):
            if checkpoint is not None:
                write_checkpoint(self._connection, checkpoint, self._had)
            if snapshot is not None:
                write_status(self._connection, snapshot)

    def mend(
        self, checkpoint: Checkpoint | None, snapshot: Snapshot | None, *, thorough: bool = False
    ) -> str | None:
        """Look after the files on the disk, and write a whole new database, of all that the
        search holds, where the one that is written to was deleted, cut short or damaged.

        thorough: look into the database, and not at names and sizes alone. Returns what has
        happened, in a sentence, if anything has. Raises StoreError where that cannot be mended.
        """
        with self._used():
            self._keep_hold()
            lost = self._watch.lost(thorough=thorough)
            if lost is not None:
                self._write_anew(checkpoint, snapshot)
        return lost and (
            f"{self.path}: {lost} while this search runs; it is written anew, with all that the "
            "search holds"
        )

    def _keep_hold(self) -> None:
        """See to it that folder and lock are those of before. Raises StoreError."""
        if _identity(self.folder) != self._place:
            raise database.StoreError(
                f"{self.folder}: the folder of this run was moved or removed; nothing more is "
                "kept but in memory, until it is back"
            )
        if self._other is None:
            try:
                self._claim.lock.keep()
            except Held as other:  # who removed the lock has another process search the run
                self._other = other
        if self._other is not None:
            raise self._other

    def _write_anew(self, checkpoint: Checkpoint | None, snapshot: Snapshot | None) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

        def fill(connection: sqlite3.Connection) -> None:
            _write_record(connection, self.record)
            for session in self._sessions:
                _write_session(connection, session)
            if checkpoint is not None:
                write_checkpoint(connection, checkpoint)
            if snapshot is not None:
                write_status(connection, snapshot)

        database.create(self.path, fill)
        self._connection = database.open_to_write(self.path)
        self._watch = Watch(self.path)
        self._take_note(checkpoint)
        if not os.path.lexists(self.folder / PRESET_COPY):
            with contextlib.suppress(SaveError):  # for people alone
                write_preset_copy(self.folder, self.record.text)

    def _take_note(self, written: Checkpoint | None) -> None:
        """Remember what the database has of a checkpoint, so that it is not written twice."""
        if written is not None:
            self._had = Had.of(written)

    def heed(self) -> list[str]:
        """The wishes of other processes that are new, oldest first. Raises StoreError."""
        with self._used():
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
        with self._used():
            return int(database.value(self._connection, "PRAGMA data_version"))

    def close(self) -> None:
        """Let go of the run; what was written stays."""
        with self._using:
            self._disconnect()
            self._claim.lock.release()

    def discard(self) -> None:
        """Close, and take away what was made for a new run; one that was reopened stays."""
        with self._using:
            self._disconnect()
            self._claim.give_up()

    def _disconnect(self) -> None:
        self.closed = True
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    @contextlib.contextmanager
    def _used(self) -> Iterator[None]:
        """Alone with the database, and what fails explained. Raises StoreError."""
        with self._using, database.explained(self.path):
            if self.closed:
                raise database.StoreError(f"{self.folder}: this process has let go of the run")
            yield


def _write_record(connection: sqlite3.Connection, record: Record) -> None:
    row = (
        1, record.created, record.preset.name, record.text, record.parent, record.parent_iteration,
    )  # fmt: skip
    database.insert(connection, "run", [row])


def _write_session(connection: sqlite3.Connection, session: tuple[Any, ...]) -> None:
    connection.execute(f"INSERT INTO sessions ({_SESSION}) VALUES (?, ?, ?)", session)


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another one of its name; None if there is none."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISDIR(found.st_mode) else None


@contextlib.contextmanager
def _released(lock: RunLock) -> Iterator[None]:
    """Give the lock back if what follows fails."""
    try:
        yield
    except BaseException:
        lock.release()
        raise
