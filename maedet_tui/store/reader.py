"""Reading a run, live or not: what it is, where it stands, what it found, all of it checked."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from engine.costs import Cost
from engine.run.checkpoint import Checkpoint
from engine.search.evolution import State
from engine.search.member import Member
from engine.settings import Preset
from engine.snapshot import (
    STATES,
    Candidate,
    NewBest,
    Phase,
    Point,
    Portion,
    RunState,
    Snapshot,
)
from engine.structure import LEVELS
from maedet_tui.store import codec, database
from maedet_tui.store.database import StoreError

_STATUS = (
    "SELECT updated, state, phase, iteration, iterations, seconds, rate, eta, scorer, z, "
    "best_iteration, findings FROM status"
)
_CHECKPOINT = "SELECT iteration, begun, switched_at, seconds, batch, rng FROM checkpoint"


@dataclass(frozen=True, slots=True)
class Record:
    """What never changes about a run: its frozen preset, as YAML and read, when it was made
    (seconds since 1970), and the run and iteration that it continues, if any."""

    preset: Preset
    text: str
    created: float
    parent: str | None
    parent_iteration: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """Where a run stood when its process last wrote (`updated`, seconds since 1970)."""

    updated: float
    state: RunState
    phase: Phase
    progress: Portion | None
    iteration: int
    iterations: int
    seconds: float
    rate: float
    eta: float | None
    scorer: str
    z: float | None
    best_iteration: int
    findings: str


class RunReader:
    """A run's database, open for reading. Every method raises StoreError."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / database.FILE
        self._file = _file(self.path)
        self._connection = database.open_to_read(self.path)
        self._points: list[Point] = []
        self._frozen: tuple[Point, ...] = ()
        self._bests: list[NewBest] = []
        self._living: dict[int, Member] = {}

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @property
    def replaced(self) -> bool:
        """Whether another file has taken the place of the one that is open."""
        found = _file(self.path)
        return found is not None and found != self._file

    def data_version(self) -> int:
        """Changes whenever somebody has written."""
        with self._checked():
            return int(database.value(self._connection, "PRAGMA data_version"))

    @cached_property
    def preset_text(self) -> str:
        """The frozen preset's YAML."""
        with self._checked():
            return str(self._one("SELECT preset FROM run")["preset"])

    @cached_property
    def record(self) -> Record:
        """What never changes."""
        from maedet_tui.presets.problems import PresetError
        from maedet_tui.presets.reading import parse

        with self._checked():
            row = self._one("SELECT created, preset_name, parent, parent_iteration FROM run")
            text = self.preset_text
            try:
                preset = parse(text, source=str(self.path), name=str(row["preset_name"]))
            except PresetError as error:
                raise StoreError(
                    f"{self.path}: its preset is damaged: {str(error).splitlines()[0]}"
                ) from None
            created = float(row["created"])
            return Record(preset, text, created, row["parent"], row["parent_iteration"])

    def status(self) -> Status | None:
        """Where the run stands; None before its process first wrote."""
        with self._checked():
            row = self._connection.execute(_STATUS).fetchone()
            if row is None:
                return None
            if row["state"] not in STATES:
                raise ValueError(f"its state is {str(row['state'])[:40]!r}")
            phase, progress = codec.read_phase(row["phase"])
            eta, z = row["eta"], row["z"]
            return Status(
                updated=float(row["updated"]),
                state=row["state"],
                phase=phase,
                progress=progress,
                iteration=int(row["iteration"]),
                iterations=int(row["iterations"]),
                seconds=float(row["seconds"]),
                rate=float(row["rate"]),
                eta=None if eta is None else float(eta),
                scorer=str(row["scorer"]),
                z=None if z is None else float(z),
                best_iteration=int(row["best_iteration"]),
                findings=str(row["findings"]),
            )

    def counts(self) -> dict[str, int]:
        """What became of the children, by reason."""
        with self._checked():
            rows = self._connection.execute("SELECT reason, count FROM counts ORDER BY reason")
            return {str(row["reason"]): int(row["count"]) for row in rows}

    def points(self) -> tuple[Point, ...]:
        """The history so far; only what is new is read."""
        with self._checked():
            last = self._points[-1].iteration if self._points else -1
            stages: dict[int, dict[str, tuple[Cost, float | None]]] = {}
            for row in self._connection.execute(
                "SELECT iteration, level, params, flops, layers, z FROM stages WHERE iteration > ?",
                (last,),
            ):
                stages.setdefault(row["iteration"], {})[row["level"]] = (
                    codec.read_cost(row),
                    row["z"],
                )
            for row in self._connection.execute(
                "SELECT iteration, z, accepted FROM history WHERE iteration > ? ORDER BY iteration",
                (last,),
            ):
                costs, parts = zip(*(stages[row["iteration"]][level] for level in LEVELS))
                known = () if None in parts else tuple(map(float, parts))
                accepted = None if row["accepted"] is None else int(row["accepted"])
                point = Point(int(row["iteration"]), float(row["z"]), costs, accepted, known)
                self._points.append(point)
            if len(self._frozen) != len(self._points):
                self._frozen = tuple(self._points)
            return self._frozen

    def new_bests(self) -> tuple[NewBest, ...]:
        """Every change of the best; only what is new is read."""
        with self._checked():
            last = self._bests[-1].iteration if self._bests else -1
            for row in self._connection.execute(
                "SELECT iteration, z, origin FROM bests WHERE iteration > ? ORDER BY iteration",
                (last,),
            ):
                new = NewBest(int(row["iteration"]), float(row["z"]), str(row["origin"]))
                self._bests.append(new)
            return tuple(self._bests)

    def members(self) -> tuple[Member, ...]:
        """The population at the last checkpoint, best first; only what is new is parsed."""
        with self._checked():
            known = self._living
            born = [
                int(row["iteration"])
                for row in self._connection.execute(
                    "SELECT iteration FROM population ORDER BY z DESC, iteration DESC"
                )
            ]
            for chunk in database.chunks([one for one in born if one not in known]):
                marks = ",".join("?" * len(chunk))
                query = f"SELECT {codec.SCORED} FROM population WHERE iteration IN ({marks})"
                for row in self._connection.execute(query, chunk):
                    known[row["iteration"]] = codec.read_member(row)
            self._living = {one: known[one] for one in born}
            return tuple(self._living.values())

    def checkpoint(self) -> Checkpoint | None:
        """What the search goes on from; None before the first one."""
        with self._consistent(), self._checked():
            row = self._connection.execute(_CHECKPOINT).fetchone()
            if row is None:
                return None
            switched_at, batch = row["switched_at"], int(row["batch"])
            bests = self._members("bests", "iteration")
            state = State(
                int(row["iteration"]),
                bool(row["begun"]),
                None if switched_at is None else int(switched_at),
                self.counts(),
                self._members("population", "z, iteration"),
                bests[-1] if bests else None,
                codec.read_rng(row["rng"]),
            )
            if not 0 < batch < 1_000_000:
                raise ValueError(f"its batch is {batch}")
            return Checkpoint(state, self.points(), bests, float(row["seconds"]), batch)

    def snapshot(self) -> Snapshot | None:
        """The run as a dashboard shows it; None before its process first wrote."""
        with self._consistent(), self._checked():
            status = self.status()
            if status is None:
                return None
            preset = self.record.preset
            return Snapshot(
                state=status.state,
                phase=status.phase,
                progress=status.progress,
                iteration=status.iteration,
                iterations=status.iterations,
                seconds=status.seconds,
                rate=status.rate,
                eta=status.eta,
                scorer=status.scorer,
                counts=self.counts(),
                best_iteration=status.best_iteration,
                history=self.points(),
                bests=self.new_bests(),
                members=self.members(),
                **codec.read_findings(status.findings, preset.budget.image_size),
            )

    def best(self) -> Candidate | None:
        """The best so far, without the history; None before there is one."""
        with self._consistent(), self._checked():
            status = self.status()
            if status is None:
                return None
            size = self.record.preset.budget.image_size
            best: Candidate | None = codec.read_findings(status.findings, size)["best"]
            return best

    def _members(self, table: str, order: str) -> tuple[Member, ...]:
        rows = self._connection.execute(f"SELECT {codec.SCORED} FROM {table} ORDER BY {order}")
        return tuple(map(codec.read_member, rows))

    def _one(self, query: str) -> sqlite3.Row:
        row: sqlite3.Row | None = self._connection.execute(query).fetchone()
        if row is None:
            raise ValueError("it is empty")
        return row

    @contextlib.contextmanager
    def _consistent(self) -> Iterator[None]:
        """One moment of a database that another process writes to."""
        with self._checked():
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def _checked(self) -> Iterator[None]:
        try:
            with database.explained(self.path):
                yield
        except StoreError:
            raise
        except codec.DAMAGE as error:
            raise StoreError(
                f"{self.path}: is damaged ({str(error)[:120] or type(error).__name__}); put a "
                "copy in its place, or go on with best.yaml beside it"
            ) from None


def _file(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of its name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
