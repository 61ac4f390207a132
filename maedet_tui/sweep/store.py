"""The embedded database of a sweep: its plan, and what became of each search.

Where a running search stands is in its own run.db alone; what is here changes when a search
begins or ends. One process writes it, the one that holds the folder's lock.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.formats.rows import shown
from engine.formats.strict_yaml import MAX_LENGTH
from maedet_tui.store import cells, codec, database, embedded
from maedet_tui.store.folders import SWEEP
from maedet_tui.sweep.plan import Planned
from maedet_tui.sweep.searched import STATES, WISHES, Ended, Search

FILE = SWEEP
_TABLES = """
CREATE TABLE sweep (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    created REAL NOT NULL,
    wanted TEXT NOT NULL
);
CREATE TABLE searches (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    preset_name TEXT NOT NULL,
    varied TEXT NOT NULL,
    preset TEXT NOT NULL,
    iterations INTEGER NOT NULL,
    state TEXT NOT NULL,
    begun REAL,
    ended REAL,
    place TEXT,
    iteration INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    z REAL,
    bound REAL,
    method TEXT,
    params INTEGER,
    flops INTEGER,
    layers INTEGER,
    latency REAL,
    structure TEXT,
    error TEXT
);
CREATE TABLE wishes (
    id INTEGER PRIMARY KEY,
    asked REAL NOT NULL,
    wish TEXT NOT NULL,
    heeded REAL
)
"""
#: "MAES", as run.db is "MAED"
_KIND = embedded.Kind(
    "sweep", FILE, 0x4D414553, 1, _TABLES,
    "put a copy in its place; the runs beside it are whole by themselves",
)  # fmt: skip
#: all that is read of a search but its preset and structure, which are long
_LISTED = (
    "number, name, preset_name, varied, iterations, state, begun, ended, place, iteration, "
    "seconds, z, bound, method, params, flops, layers, latency, structure, error"
)
_MOST_ROWS, _MOST_TEXT = 20_000, 100_000


class SweepStore:
    """An open sweep.db. Every method raises StoreError.

    A reader may look at any time; what writes is for the process that holds the lock, but
    for `wish`, which is a row of its own.
    """

    def __init__(self, folder: Path, *, write: bool = False):
        self.folder, self.path = folder, folder / FILE
        self._db = embedded.opened(_KIND, self.path, write=write)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> SweepStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- reading ------------------------------------------------------------------

    def data_version(self) -> int:
        """Changes whenever somebody else has written."""
        with embedded.explained(_KIND, self.path):
            return int(database.value(self._db, "PRAGMA data_version"))

    @property
    def created(self) -> float:
        """Seconds since 1970."""
        with embedded.explained(_KIND, self.path):
            return cells.moment(database.value(self._db, "SELECT created FROM sweep"), "creation")

    @property
    def wanted(self) -> str:
        """What the sweep was made from, as YAML."""
        with embedded.explained(_KIND, self.path):
            text = database.value(self._db, "SELECT wanted FROM sweep")
            return cells.text(text, "plan", MAX_LENGTH)

    def searches(self) -> tuple[Search, ...]:
        """Every search, in the order of the plan."""
        with embedded.explained(_KIND, self.path):
            rows = self._db.execute(f"SELECT {_LISTED} FROM searches ORDER BY number")
            found = [_read(row) for row in rows.fetchmany(_MOST_ROWS)]
            if [one.number for one in found] != list(range(1, len(found) + 1)):
                raise ValueError("its searches are not numbered from 1")
            return tuple(found)

    def preset_text(self, number: int) -> str:
        """The preset of a search, as YAML."""
        with embedded.explained(_KIND, self.path):
            query = "SELECT preset FROM searches WHERE number = ?"
            row = self._db.execute(query, (number,)).fetchone()
            return cells.text(row["preset"] if row else None, "preset", MAX_LENGTH)

    def texts_with(self, key: str) -> list[str]:
        """The presets, as YAML, of searches that have not finished and say something of a key."""
        query = "SELECT preset FROM searches WHERE state != 'finished' AND instr(preset, ?)"
        with embedded.explained(_KIND, self.path):
            rows = self._db.execute(query, (f"\n{key}: ",)).fetchmany(_MOST_ROWS)
            return [cells.text(row["preset"], "preset", MAX_LENGTH) for row in rows]

    # --- writing ------------------------------------------------------------------

    def set_states(self, numbers: Iterable[int], state: str) -> None:
        """Say where searches stand; when they began is now, for those that run."""
        now = time.time() if state == "running" else None
        with embedded.explained(_KIND, self.path), database.transaction(self._db):
            self._db.executemany(
                "UPDATE searches SET state = ?, begun = coalesce(?, begun), error = NULL "
                "WHERE number = ?",
                [(state, now, number) for number in numbers],
            )

    def end(self, number: int, ended: Ended) -> None:
        """Record how a search ended; told twice, it counts once."""
        structure = None if ended.structure is None else codec.structure_text(ended.structure)
        with embedded.explained(_KIND, self.path), database.transaction(self._db):
            self._db.execute(
                "UPDATE searches SET state = ?, ended = ?, place = ?, iteration = ?, seconds = ?, "
                "z = ?, bound = ?, method = ?, params = ?, flops = ?, layers = ?, latency = ?, "
                "structure = ?, error = ? WHERE number = ?",
                (
                    ended.state, time.time(), ended.place, ended.iteration, ended.seconds,
                    ended.z, ended.bound, ended.method, ended.params, ended.flops, ended.layers,
                    ended.latency, structure, ended.error, number,
                ),
            )  # fmt: skip

    # --- wishes of other processes -------------------------------------------------

    def wish(self, word: str) -> None:
        """Ask the process that drives the sweep for something."""
        if word not in WISHES:
            raise ValueError(f"nobody heeds {word!r}")
        with (
            embedded.explained(_KIND, self.path),
            contextlib.closing(embedded.connected(self.path, True)) as file,
        ):
            file.execute("INSERT INTO wishes (asked, wish) VALUES (?, ?)", (time.time(), word))

    def wishes(self) -> list[str]:
        """What was asked for since this was last called, oldest first; it counts as heeded."""
        query = "SELECT id, wish FROM wishes WHERE heeded IS NULL ORDER BY id"
        with embedded.explained(_KIND, self.path):
            rows = self._db.execute(query).fetchmany(100)
            if not rows:
                return []
            with database.transaction(self._db):
                last = rows[-1]["id"]
                self._db.execute(
                    "UPDATE wishes SET heeded = ? WHERE heeded IS NULL AND id <= ?",
                    (time.time(), last),
                )
        return [row["wish"] for row in rows if row["wish"] in WISHES]


def create(folder: Path, wanted: str, searches: Sequence[Planned]) -> None:
    """Make the database of a new sweep; it appears when it is complete. Raises StoreError."""

    def fill(file: sqlite3.Connection) -> None:
        file.execute("INSERT INTO sweep VALUES (1, ?, ?)", (time.time(), wanted))
        file.executemany(
            "INSERT INTO searches (number, name, preset_name, varied, preset, iterations, state) "
            "VALUES (?, ?, ?, ?, ?, ?, 'waiting')",
            [
                (
                    one.number, one.name, one.preset.name, json.dumps(one.varied), one.text,
                    one.preset.schedule.iterations,
                )
                for one in searches
            ],
        )  # fmt: skip

    embedded.create(_KIND, folder, fill)


def _read(row: sqlite3.Row) -> Search:
    """A search as it stands in the database. Raises one of `codec.DAMAGE`."""
    state = row["state"]
    if state not in STATES:
        raise ValueError(f"the state of a search is {shown(state)}")
    varied = json.loads(cells.text(row["varied"], "varied keys", _MOST_TEXT))
    pairs = [
        (cells.text(key, "key"), cells.text(said, "value", _MOST_TEXT)) for key, said in varied
    ]
    structure = row["structure"]
    maybe = cells.maybe
    return Search(
        number=cells.whole(row["number"], "number", 1),
        name=_folder(cells.text(row["name"], "folder")),
        preset=cells.text(row["preset_name"], "preset's name"),
        varied=tuple(pairs),
        iterations=cells.whole(row["iterations"], "iterations", 1),
        state=state,
        begun=maybe(cells.moment, row["begun"], "beginning"),
        ended=maybe(cells.moment, row["ended"], "end"),
        place=maybe(cells.text, row["place"], "place", cells.SENTENCE),
        iteration=cells.whole(row["iteration"], "iteration"),
        seconds=cells.seconds(row["seconds"], "seconds"),
        z=maybe(cells.real, row["z"], "score"),
        bound=maybe(cells.real, row["bound"], "bound"),
        method=maybe(cells.text, row["method"], "method"),
        params=maybe(cells.whole, row["params"], "params"),
        flops=maybe(cells.whole, row["flops"], "FLOPs"),
        layers=maybe(cells.whole, row["layers"], "layers"),
        latency=maybe(cells.real, row["latency"], "latency", 0.0),
        structure=None if structure is None else codec.read_structure(structure),
        error=maybe(cells.text, row["error"], "error", cells.SENTENCE),
    )


def _folder(name: str) -> str:
    """The name of a search's folder, which leads nowhere else."""
    if not name or name.startswith(".") or "/" in name or "\\" in name:
        raise ValueError(f"the folder of a search is {shown(name)}")
    return name
