"""Opening run.db: for its writer, for readers, and what every failure means to the user."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from engine.files import Unreadable, refuse_unreadable
from engine.messages import clipped
from engine.outputs import move_whole
from maedet_tui.errors import SaveError
from maedet_tui.files import save_error
from maedet_tui.formatting import printable
from maedet_tui.store import schema

FILE, UNFINISHED = "run.db", ".run.db.new"
#: what SQLite keeps beside it
BESIDE = (f"{FILE}-wal", f"{FILE}-shm", f"{FILE}-journal")
#: milliseconds that a statement waits for another program's lock
PATIENCE = 2000
#: pages after which the log beside the database goes into it, and bytes that the log keeps: by
#: default it would grow to 4 MB, which a small disk may not have
_LOG_PAGES, _LOG_BYTES = 64, 1 << 18
#: bound values in one statement: the limit of older SQLite
_MOST_VALUES = 900
#: versions of the schema that a later program may have brought; more are a damaged number
_MOST_AHEAD = 100

Item = TypeVar("Item")

#: what to do about a database that is damaged
INSTEAD = "put a copy in its place, or go on with best.yaml beside it"
#: bytes of a run.db; a search of days has some millions
MOST_BYTES = 4 << 30

#: what SQLite says -> what the user can do; first what may quote anything
_MEANINGS = (
    ("could not decode", f"is damaged: a text in it is none; {INSTEAD}"),
    ("no such", f"is damaged: it lacks a table or a column; {INSTEAD}"),
    ("already exists", f"is damaged: it is no database of the version that it says; {INSTEAD}"),
    ("duplicate column", f"is damaged: it is no database of the version that it says; {INSTEAD}"),
    ("too big", f"is damaged: a value in it is far larger than any of ours; {INSTEAD}"),
    ("full", "no space left to write it; free some"),
    ("locked", "another program keeps it locked; close it there"),
    ("busy", "another program keeps it locked; close it there"),
    ("readonly", "you may not write there; give yourself the right to, or copy the run elsewhere"),
    (
        "not a database",
        "is not the database of a run, or a damaged one; "
        "best.yaml beside it, if there is one, can still be used",
    ),
    (
        "malformed",
        f"is damaged, perhaps cut short; {INSTEAD}",
    ),
    ("disk i/o", "cannot be read or written; is the disk full, or the folder gone?"),
    ("unable to open", "cannot be opened; is the folder there, and may you use it?"),
)


#: what it says where the file is not what it wrote
_DAMAGE = ("not a database", "malformed", "disk i/o")


class StoreError(SaveError):
    """A run that cannot be read or written, in one sentence with its path and the fix.

    damage: the file is no longer what was written.
    """

    damage = False


def meaning(path: Path, error: BaseException) -> StoreError:
    """A failure of SQLite or the file system in the user's words."""
    if isinstance(error, OSError):
        return StoreError(str(save_error(path, error)))
    if isinstance(error, UnicodeError):  # in what SQLite says
        return StoreError(f"{path}: is damaged: a name in it is no text; {INSTEAD}")
    # of a text that is none Python 3.10 says nothing
    said = str(error) or "could not decode"
    for words, help_ in _MEANINGS:
        if words in said.lower():
            told = StoreError(f"{path}: {help_}")
            told.damage = words in _DAMAGE
            return told
    return StoreError(clipped(f"{path}: cannot be used: {printable(said)}"))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn failures of SQLite and the file system into StoreErrors."""
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeError) as error:
        raise meaning(path, error) from None


def create(path: Path, fill: Callable[[sqlite3.Connection], object]) -> None:
    """A new database that only its owner may read, and what `fill` puts into it.

    It appears under its name when it is complete, in the place of an older one: others may
    look at any moment. Raises StoreError.
    """
    unfinished = path.with_name(UNFINISHED)
    with explained(path):
        unfinished.unlink(missing_ok=True)
        # SQLite gives its side files the permissions of the main one
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            with contextlib.closing(_connected(str(unfinished))) as connection:
                connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
                migrate(connection)
                with transaction(connection):
                    fill(connection)
            for name in BESIDE:  # of an older one: SQLite would take them for the new one's
                path.with_name(name).unlink(missing_ok=True)
            move_whole(unfinished, path)
        except BaseException:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is executed within, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # a full disk makes SQLite roll back by itself
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def open_to_write(path: Path) -> sqlite3.Connection:
    """The database of a run that this process has locked, brought to this version's schema.

    Raises StoreError, also for a damaged one.
    """
    with explained(path):
        _refuse_missing(path)
        refuse_link(path)
        connection = _connected(str(path))
        try:
            _refuse_foreign(path, connection, to_read=False)
            refuse_damaged(connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
            make_room(connection)  # a search that was killed has left its log
            migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def refuse_damaged(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError unless the pages of a database hang together."""
    verdict = value(connection, "PRAGMA quick_check(1)")
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"malformed: {verdict}")


def make_room(connection: sqlite3.Connection) -> None:
    """Move what the log beside the database has into it, as far as the disk allows, and
    make the log as short as can be."""
    with contextlib.suppress(sqlite3.Error):  # others read, or even this does not fit
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def open_to_read(path: Path) -> sqlite3.Connection:
    """The database of any run, live or not, of this schema. Raises StoreError."""
    with explained(path):
        _refuse_missing(path)
        uri = path.absolute().as_uri()
        try:
            connection = _connected(f"{uri}?mode=ro")
            _refuse_foreign(path, connection)
        except sqlite3.OperationalError:
            if path.with_name(f"{FILE}-wal").exists():
                raise
            # where nothing can be written, not even SQLite's side files, nobody else writes
            connection = _connected(f"{uri}?mode=ro&immutable=1")
            _refuse_foreign(path, connection)
        if version(connection) < len(schema.STEPS):
            connection.close()
            refuse_link(path)
            with contextlib.closing(_connected(str(path))) as writer:
                migrate(writer)
            connection = _connected(f"{uri}?mode=ro")
    return connection


def value(connection: sqlite3.Connection, query: str) -> Any:
    """The one value of a query's first row."""
    (found,) = connection.execute(query).fetchone()
    return found


def version(connection: sqlite3.Connection) -> int:
    """The schema's version of a database."""
    return int(value(connection, "PRAGMA user_version"))


def migrate(connection: sqlite3.Connection) -> None:
    """Take the steps from the database's version to this program's, each as a whole."""
    while version(connection) < len(schema.STEPS):
        with transaction(connection):
            # asked again, now that nobody else can take the same step
            number = version(connection)
            if number < len(schema.STEPS):
                for statement in schema.STEPS[number].split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number + 1}")


def insert(
    connection: sqlite3.Connection,
    table: str,
    rows: Sequence[Sequence[Any]],
    *,
    verb: str = "INSERT",
) -> None:
    """Insert rows in as few statements as possible.

    The search computes in another thread, and each statement may have to wait for it.
    """
    if not rows:
        return
    width = len(rows[0])
    for chunk in chunks(rows, _MOST_VALUES // width):
        marks = ",".join(["(" + ",".join("?" * width) + ")"] * len(chunk))
        values = [value for row in chunk for value in row]
        connection.execute(f"{verb} INTO {table} VALUES {marks}", values)


def chunks(rows: Sequence[Item], size: int = _MOST_VALUES) -> Iterable[Sequence[Item]]:
    """Pieces of at most `size` rows."""
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _connected(target: str) -> sqlite3.Connection:
    # used by one thread at a time: made by the main one, then the recorder's own
    connection = sqlite3.connect(
        target,
        timeout=PATIENCE / 1000,
        isolation_level=None,
        check_same_thread=False,
        uri=target.startswith("file:"),
    )
    connection.row_factory = sqlite3.Row  # columns are read by their names
    # a power cut is to cost no more than a crash: each commit reaches the disk
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _refuse_missing(path: Path) -> None:
    if not path.exists():
        raise StoreError(f"{path.parent}: holds no run ({FILE} is missing)")
    for one in (path, *map(path.with_name, BESIDE)):
        if one is path or one.exists():
            try:
                refuse_unreadable(one, MOST_BYTES)
            except Unreadable as error:
                raise StoreError(f"{one}: {error}; remove the run, or name another") from None


def refuse_link(path: Path) -> None:
    """Raise StoreError for a link, before anything is written through it."""
    if path.is_symlink():
        raise StoreError(
            f"{path}: is a link, and nothing of a run is written through one; put the database "
            "itself in its place, or name the folder that it is in"
        )


def _refuse_foreign(path: Path, connection: sqlite3.Connection, *, to_read: bool = True) -> None:
    mark = value(connection, "PRAGMA application_id")
    if mark != schema.APPLICATION_ID:
        raise StoreError(f"{path}: is not the database of a run; something else has taken its name")
    number = version(connection)
    if not 0 <= number <= len(schema.STEPS) + _MOST_AHEAD:
        raise StoreError(f"{path}: is damaged: it says to be of version {number}; {INSTEAD}")
    if number > len(schema.STEPS):
        raise StoreError(
            f"{path}: was written by a newer version of maedet-tui; update with "
            "`pip install -U maedet-tui`"
        )
    # a view could compute for ever, and so could a trigger
    if kinds := _kinds(connection) & {"view", "virtual", *(() if to_read else ("trigger",))}:
        raise StoreError(f"{path}: is damaged: it holds a {min(kinds)}; {INSTEAD}")


def _kinds(connection: sqlite3.Connection) -> set[str]:
    """What there is beside plain tables and their indices."""
    query = "SELECT type, sql LIKE 'CREATE VIRTUAL%' AS virtual FROM sqlite_master"
    return {"virtual" if row["virtual"] else row["type"] for row in connection.execute(query)}
