"""Everything that can happen to a run.db, drawn at random: the same for the same seed."""

import contextlib
import json
import shutil
import sqlite3

#: values that no column expects, or only some do
VALUES = [
    float("inf"), float("-inf"), None, -1, 0, 1, 1.5, -(2**63), 2**63 - 1, 10**17, 1e308, -1e308,
    "", "x", "NaN", "-5", "9" * 5000, "null", "[]", "{}", '{"z": 1e999}', "\x1b[2J\x07", "½" * 300,
    b"", b"\xff\xfe", b"\x00" * 100_000, "C6", "running", "fine 3/2", "coarse -1/1", "checking 1/0",
]  # fmt: skip
#: what replaces a value within JSON
WORDS = [None, True, -1, 2**70, 1e300, float("nan"), float("inf"), "", "x" * 400, [], {}, [[]]]
#: offsets of the file's header that mean something: page size, version numbers, application
HEADER = [16, 17, 18, 19, 20, 24, 27, 28, 31, 36, 44, 47, 56, 59, 60, 63, 68, 71, 92, 96]


def damage(path, rng):
    """Damage the database at a path; how, in a word."""
    kind = rng.choice(
        ["bytes", "cut", "cells", "cells", "cells", "json", "json", "json", "header", "rows",
         "tables", "page", "beside"]
    )  # fmt: skip
    with contextlib.suppress(sqlite3.Error):  # a second damage may find no database any more
        globals()[f"_{kind}"](path, rng)
    return kind


def _bytes(path, rng):
    content = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 1, 3, 20, 300])):
        content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(content)


def _cut(path, rng):
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content))])


def _header(path, rng):
    content = bytearray(path.read_bytes())
    content[rng.choice(HEADER)] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def _page(path, rng):
    content, size = bytearray(path.read_bytes()), 4096
    pages = max(1, len(content) // size)
    here, there = (size * rng.randrange(pages) for _ in range(2))
    content[here : here + size] = (
        content[there : there + size] if rng.random() < 0.7 else bytes(size)
    )
    path.write_bytes(content)


def _beside(path, rng):
    name = path.with_name(path.name + rng.choice(["-wal", "-shm", "-journal"]))
    name.write_bytes(rng.randbytes(rng.choice([0, 1, 32, 4096, 40_000])))


def _cells(path, rng):
    with _changing(path) as database:
        for _ in range(rng.choice([1, 1, 2, 5])):
            table, column = rng.choice(_columns(database))
            where = rng.choice(["", _some_row(database, table, rng)])
            with contextlib.suppress(sqlite3.Error):  # a constraint that stands in the way
                statement = f"UPDATE OR IGNORE {table} SET {column} = ? {where}"
                database.execute(statement, (rng.choice(VALUES),))


def _json(path, rng):
    places = [("status", "findings"), ("population", "structure"), ("population", "score"),
              ("bests", "structure"), ("bests", "score"), ("checkpoint", "rng"),
              ("run", "preset")]  # fmt: skip
    table, column = rng.choice(places)
    with _changing(path) as database:
        where = _some_row(database, table, rng)
        (text,) = database.execute(f"SELECT {column} FROM {table} {where}").fetchone() or ("",)
        if column == "preset" or rng.random() < 0.4:
            text = _mangled(str(text), rng)
        else:
            text = json.dumps(_replaced(json.loads(text), rng))
        database.execute(f"UPDATE {table} SET {column} = ? {where}", (text,))


def _rows(path, rng):
    with _changing(path) as database:
        table, _ = rng.choice(_columns(database))
        database.execute(f"DELETE FROM {table} {rng.choice(['', _some_row(database, table, rng)])}")


def _tables(path, rng):
    with _changing(path) as database:
        table, column = rng.choice(_columns(database))
        database.execute(
            rng.choice(
                [
                    f"DROP TABLE {table}",
                    f"ALTER TABLE {table} RENAME TO other",
                    f"ALTER TABLE {table} RENAME COLUMN {column} TO other",
                    f"PRAGMA user_version = {rng.choice([-1, 0, 1, 3, 2**31 - 1, -(2**31)])}",
                    f"PRAGMA application_id = {rng.choice([0, 1])}",
                ]
            )
        )


@contextlib.contextmanager
def _changing(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        yield database
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _columns(database):
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [
        (table, row[1])
        for (table,) in sorted(tables)
        for row in database.execute(f"PRAGMA table_info({table})")
    ]


def _some_row(database, table, rng):
    """A WHERE for one of a table's rows."""
    key = "iteration" if table == "stages" else "rowid"
    keys = [one for (one,) in database.execute(f"SELECT {key} FROM {table}")]
    return f"WHERE {key} = {rng.choice(keys)}" if keys else ""


def _replaced(value, rng):
    """JSON with one value replaced, somewhere within."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        if rng.random() < 0.1:
            return {name: inner for name, inner in value.items() if name != key}
        inner = value[key]
        if isinstance(inner, str) and inner[:1] in "[{" and rng.random() < 0.8:
            return value | {key: json.dumps(_replaced(json.loads(inner), rng))}
        return value | {key: _replaced(inner, rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        place = rng.randrange(len(value))
        return [*value[:place], _replaced(value[place], rng), *value[place + 1 :]]
    return rng.choice(WORDS)


def _mangled(text, rng):
    """Text with a piece of it left out, doubled or overwritten."""
    start = rng.randrange(len(text) + 1)
    end = min(len(text), start + rng.choice([0, 1, 3, 30]))
    piece = rng.choice(
        ["", text[start:end] * 2, "9" * 30, "-", "\x1b[31m", "!!int ", "[", '"', "\n"]
    )
    return text[:start] + piece + text[end:]


def copied(run, folder):
    """A copy of a run's folder to damage; the path of its database."""
    shutil.copytree(run, folder)
    return folder / "run.db"
