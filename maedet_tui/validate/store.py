"""The embedded database of a validation: its structures, and what became of each training.

One process writes it, the one that holds the folder's lock; anybody may read.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from engine.formats.rows import shown
from engine.formats.strict_yaml import MAX_LENGTH
from engine.settings import Preset
from maedet_tui.presets.problems import PresetError
from maedet_tui.presets.reading import parse
from maedet_tui.presets.write import dump
from maedet_tui.store import cells, codec, database, embedded
from maedet_tui.validate.asked import Asked
from maedet_tui.validate.predictors import Predicted
from maedet_tui.validate.subjects import KINDS, Subject

FILE = "validate.db"
STATES = ("waiting", "running", "finished", "stopped", "failed")
#: of COCO, from 0 to 1
MEASURES = ("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large")
_COLUMNS = tuple(name.lower() for name in MEASURES)
_TABLES = """
CREATE TABLE validation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    created REAL NOT NULL,
    preset TEXT NOT NULL,
    asked TEXT NOT NULL,
    notes TEXT NOT NULL
);
CREATE TABLE structures (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    structure TEXT NOT NULL,
    z REAL NOT NULL,
    params INTEGER NOT NULL,
    flops INTEGER NOT NULL,
    layers INTEGER NOT NULL,
    zen_score REAL,
    synflow REAL,
    naswot REAL
);
CREATE TABLE trainings (
    number INTEGER PRIMARY KEY,
    structure INTEGER NOT NULL REFERENCES structures (number),
    seed INTEGER NOT NULL,
    state TEXT NOT NULL,
    ended REAL,
    place TEXT,
    step INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    ap REAL, ap50 REAL, ap75 REAL, ap_small REAL, ap_medium REAL, ap_large REAL,
    losses TEXT NOT NULL DEFAULT '[]',
    error TEXT,
    UNIQUE (structure, seed)
)
"""
#: "MAEV", as run.db is "MAED"
_KIND = embedded.Kind(
    "validation", FILE, 0x4D414556, 1, _TABLES,
    "put a copy in its place, or begin another validation with --keep FILE, which repeats no "
    "training",
)  # fmt: skip
_MOST_ROWS, _MOST_LOSSES = 100_000, 1000


class Trained(NamedTuple):
    """What a training came to. step: taken so far. seconds: that these took. precision: by
    MEASURES, None where there are no such objects. losses: means over even parts of the steps.
    error: why it failed, in a sentence."""

    state: str
    step: int = 0
    seconds: float = 0.0
    precision: tuple[float | None, ...] = (None,) * len(MEASURES)
    losses: tuple[float, ...] = ()
    place: str | None = None
    error: str | None = None

    @property
    def ap(self) -> float | None:
        """Average precision, None before the end."""
        return self.precision[0]


@dataclass(frozen=True, slots=True)
class Training:
    """One row: a structure by its number, a seed, and where the training stands."""

    number: int
    subject: int
    seed: int
    trained: Trained


class ValidationStore:
    """An open validate.db. Every method raises StoreError."""

    def __init__(self, folder: Path, *, write: bool = False):
        self.folder, self.path = folder, folder / FILE
        self._db = embedded.opened(_KIND, self.path, write=write)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> ValidationStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def preset(self) -> Preset:
        """The preset whose structures are trained."""
        with embedded.explained(_KIND, self.path):
            text = database.value(self._db, "SELECT preset FROM validation")
            try:
                return parse(cells.text(text, "preset", MAX_LENGTH), source=str(self.path))
            except PresetError as error:
                raise ValueError(f"its preset: {error.problems[0]}") from None

    def asked(self) -> Asked:
        """How they are trained."""
        with embedded.explained(_KIND, self.path):
            asked = Asked.of_text(database.value(self._db, "SELECT asked FROM validation"))
            return replace(asked, data=asked.data.at(self.folder))

    def notes(self) -> tuple[str, ...]:
        """What was left out, and why."""
        with embedded.explained(_KIND, self.path):
            notes = codec.loads(database.value(self._db, "SELECT notes FROM validation"))
            return tuple(cells.text(note, "note", cells.SENTENCE) for note in notes)

    def subjects(self) -> tuple[Subject, ...]:
        """Every structure, in order."""
        with embedded.explained(_KIND, self.path):
            rows = self._db.execute("SELECT * FROM structures ORDER BY number")
            return tuple(map(_subject, rows.fetchmany(_MOST_ROWS)))

    def trainings(self) -> tuple[Training, ...]:
        """Every training, in the order in which they are made."""
        with embedded.explained(_KIND, self.path):
            rows = self._db.execute("SELECT * FROM trainings ORDER BY number")
            return tuple(map(_training, rows.fetchmany(_MOST_ROWS)))

    def record(self, number: int, trained: Trained) -> None:
        """Say where a training stands."""
        values = (
            trained.state, time.time(), trained.place, trained.step, trained.seconds,
            *trained.precision, codec.dumps(trained.losses), trained.error, number,
        )  # fmt: skip
        columns = ", ".join(f"{name} = ?" for name in _COLUMNS)
        with embedded.explained(_KIND, self.path), database.transaction(self._db):
            self._db.execute(
                "UPDATE trainings SET state = ?, ended = ?, place = ?, step = ?, seconds = ?, "
                f"{columns}, losses = ?, error = ? WHERE number = ?",
                values,
            )


def create(
    folder: Path, preset: Preset, asked: Asked, subjects: Sequence[Subject], notes: Sequence[str]
) -> None:
    """Make the database of a new validation, with every training waiting. Raises StoreError.

    The first seed of all structures comes first, so that there is something to see early.
    """

    def fill(file: sqlite3.Connection) -> None:
        kept = replace(asked, data=asked.data.within(folder))
        file.execute(
            "INSERT INTO validation VALUES (1, ?, ?, ?, ?)",
            (time.time(), dump(preset), kept.text(), codec.dumps(list(notes))),
        )
        file.executemany(
            "INSERT INTO structures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (one.number, one.name, one.kind, codec.structure_text(one.structure),
                 *one.predicted)
                for one in subjects
            ],
        )  # fmt: skip
        first = int(asked.settings["seed"])
        file.executemany(
            "INSERT INTO trainings (structure, seed, state) VALUES (?, ?, 'waiting')",
            [
                (one.number, seed)
                for seed in range(first, first + asked.seeds)
                for one in subjects
            ],
        )  # fmt: skip

    embedded.create(_KIND, folder, fill)


def _subject(row: sqlite3.Row) -> Subject:
    """Raises one of `codec.DAMAGE`."""
    kind = row["kind"]
    if kind not in KINDS:
        raise ValueError(f"the kind of a structure is {shown(kind)}")
    return Subject(
        cells.whole(row["number"], "number", 1),
        cells.text(row["name"], "name"),
        kind,
        codec.read_structure(row["structure"]),
        Predicted.checked(row),
    )


def _training(row: sqlite3.Row) -> Training:
    """Raises one of `codec.DAMAGE`."""
    state = row["state"]
    if state not in STATES:
        raise ValueError(f"the state of a training is {shown(state)}")
    losses: list[Any] = codec.loads(row["losses"])
    trained = Trained(
        state,
        cells.whole(row["step"], "step"),
        cells.seconds(row["seconds"], "seconds"),
        tuple(cells.maybe(cells.real, row[name], name, 0.0, 1.0) for name in _COLUMNS),
        tuple(cells.real(loss, "loss") for loss in losses[:_MOST_LOSSES]),
        cells.maybe(cells.text, row["place"], "place", cells.SENTENCE),
        cells.maybe(cells.text, row["error"], "error", cells.SENTENCE),
    )
    if state == "finished" and trained.ap is None:
        raise ValueError("a training has finished without an AP")
    return Training(
        cells.whole(row["number"], "number", 1),
        cells.whole(row["structure"], "structure", 1),
        cells.whole(row["seed"], "seed"),
        trained,
    )
