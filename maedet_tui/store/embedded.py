"""Small databases of ours beside run.db, one a folder: made whole, opened with suspicion.

One process writes such a file, the one that holds the folder's lock; anybody may read.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from engine.files import Unreadable, refuse_unreadable
from engine.messages import clipped
from engine.outputs import move_whole
from maedet_tui.store import codec, database
from maedet_tui.store.database import StoreError

#: pages of the log beside the database, as for runs
_LOG_PAGES = 64


class Kind(NamedTuple):
    """A kind of database. what: it is of, as in "a sweep". file: its name in the folder. mark:
    SQLite's application_id. tables: statements that make them. instead: what helps where it is
    damaged."""

    what: str
    file: str
    mark: int
    version: int
    tables: str
    instead: str


def create(kind: Kind, folder: Path, fill: Callable[[sqlite3.Connection], object]) -> None:
    """Make a database with what `fill` puts into it; it appears when it is complete.

    Raises StoreError.
    """
    path, unfinished = folder / kind.file, folder / f".{kind.file}.new"
    with explained(kind, path):
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            with contextlib.closing(connected(unfinished, True)) as file:
                file.execute(f"PRAGMA application_id = {kind.mark}")
                with database.transaction(file):
                    for statement in kind.tables.split(";"):
                        file.execute(statement)
                    file.execute(f"PRAGMA user_version = {kind.version}")
                    fill(file)
            move_whole(unfinished, path)
        except BaseException:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise


def opened(kind: Kind, path: Path, *, write: bool) -> sqlite3.Connection:
    """The database at a path, which must be one of the kind. Raises StoreError."""
    with explained(kind, path):
        _refuse_missing(kind, path)
        if path.is_symlink() and write:
            raise StoreError(f"{path}: is a link, and no {kind.what} is written through one")
        connection = connected(path, write)
        try:
            _refuse_foreign(kind, path, connection)
            if write:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        except BaseException:
            connection.close()
            raise
    return connection


def connected(path: Path, write: bool) -> sqlite3.Connection:
    """A connection to a file that is there, whatever it is."""
    target = f"{path.absolute().as_uri()}?mode={'rw' if write else 'ro'}"
    connection = sqlite3.connect(
        target,
        timeout=database.PATIENCE / 1000,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


@contextlib.contextmanager
def explained(kind: Kind, path: Path) -> Iterator[None]:
    """Turn failures of SQLite and damage into StoreErrors that name the kind."""
    try:
        with database.explained(path):
            yield
    except StoreError as error:
        said = str(error).replace(database.INSTEAD, kind.instead)
        named = said.replace("the database of a run", f"the database of a {kind.what}")
        raise StoreError(named) from None
    except codec.DAMAGE as error:
        raise StoreError(clipped(f"{path}: is damaged ({error}); {kind.instead}")) from None


def _refuse_missing(kind: Kind, path: Path) -> None:
    if not path.exists():
        raise StoreError(f"{path.parent}: holds no {kind.what} ({kind.file} is missing)")
    try:
        refuse_unreadable(path, database.MOST_BYTES)
    except Unreadable as error:
        raise StoreError(f"{path}: {error}; name another {kind.what}") from None


def _refuse_foreign(kind: Kind, path: Path, connection: sqlite3.Connection) -> None:
    if database.value(connection, "PRAGMA application_id") != kind.mark:
        raise StoreError(
            f"{path}: is not the database of a {kind.what}; something else has its name"
        )
    version = database.version(connection)
    if version > kind.version:
        raise StoreError(
            f"{path}: was written by a newer version of maedet-tui; update with "
            "`pip install -U maedet-tui`"
        )
    # a view could compute for ever, and so could a trigger
    kinds = "SELECT count(*) FROM sqlite_master WHERE type IN ('view', 'trigger')"
    if version < 1 or database.value(connection, kinds):
        raise StoreError(f"{path}: is damaged; {kind.instead}")
