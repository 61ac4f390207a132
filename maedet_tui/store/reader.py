"""Reading a run, live or not: what it is, where it stands, what it found, all of it checked."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from engine.costs import Cost
from engine.formats.rows import shown
from engine.formats.strict_yaml import MAX_LENGTH
from engine.messages import clipped
from engine.run.checkpoint import Checkpoint
from engine.search.evolution import State
from engine.search.member import Member
from engine.search.tally import Tallied
from engine.snapshot import (
    Bound,
    Candidate,
    NewBest,
    Point,
    Snapshot,
)
from maedet_tui.formatting import printable
from maedet_tui.store import about, cells, codec, course, database
from maedet_tui.store.about import Record, Status
from maedet_tui.store.course import MOST_BESTS, rows
from maedet_tui.store.database import StoreError
from maedet_tui.store.lineage import Lineage
from maedet_tui.store.sessions import Session, read_session

#: rows that a table never has more of
_MOST_REASONS, _MOST_MEMBERS = 100, 1_000_000
_MOST_BATCH, _MOST_SESSIONS, _MOST_MUTATIONS = 1_000_000, 100_000, 10_000
#: characters of what is said of a value
_MOST_SAID = 120
_ANCESTORS = "SELECT iteration, parent, z, origin FROM ancestors ORDER BY iteration"
_CHECKPOINT = "SELECT iteration, begun, switched_at, seconds, batch, rng FROM checkpoint"


class RunReader:
    """A run's database, open for reading. Every method raises StoreError."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / database.FILE
        self._file = _file(self.path)
        self._connection = database.open_to_read(self.path)
        self._course = course.Course()
        self._living: dict[int, Member] = {}
        self._lineage = Lineage()

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
            return cells.text(self._one("SELECT preset FROM run")["preset"], "preset", MAX_LENGTH)

    @cached_property
    def record(self) -> Record:
        """What never changes."""
        with self._checked():
            return about.read_record(self._one(about.RECORD), self.preset_text, self.path)

    def status(self) -> Status | None:
        """Where the run stands; None before its process first wrote."""
        with self._checked():
            row = self._connection.execute(about.STATUS).fetchone()
            return None if row is None else about.read_status(row)

    def bound(self, status: Status) -> Bound | None:
        """What the run knew of the best possible then."""
        with self._checked():
            return codec.read_bound(status.findings)

    def sessions(self) -> tuple[Session, ...]:
        """The processes that searched it, in order."""
        query = "SELECT started, from_iteration, environment FROM sessions ORDER BY id"
        with self._checked():
            return tuple(read_session(dict(row)) for row in self._rows(query, _MOST_SESSIONS))

    def lineage(self) -> tuple[Member, ...]:
        """Every structure that was the best for a time, oldest first."""
        with self._checked():
            return self._members("bests", "iteration", MOST_BESTS)

    def counts(self) -> dict[str, int]:
        """What became of the children, by reason."""
        with self._checked():
            rows = self._rows("SELECT reason, count FROM counts ORDER BY reason", _MOST_REASONS)
            return {
                cells.text(row["reason"], "reason"): cells.whole(row["count"], "count")
                for row in rows
            }

    def tally(self) -> tuple[Tallied, ...]:
        """The same by the mutation that they began with; empty where that was not recorded."""
        query = "SELECT * FROM mutations ORDER BY level, field, several, fate"
        with self._checked():
            return tuple(map(codec.read_tallied, self._rows(query, _MOST_MUTATIONS)))

    def best_at(self, iteration: int) -> Member | None:
        """The structure that was the best at an iteration; None before there was one."""
        query = (
            f"SELECT {codec.SCORED} FROM bests WHERE iteration <= ? ORDER BY iteration DESC LIMIT 1"
        )
        with self._checked():
            row = self._connection.execute(query, (iteration,)).fetchone()
            return None if row is None else codec.read_member(row)

    def points(self) -> tuple[Point, ...]:
        """The history so far; only what is new is read."""
        with self._checked():
            return self._course.points(self._connection)

    def new_bests(self) -> tuple[NewBest, ...]:
        """Every change of the best; only what is new is read."""
        with self._checked():
            return self._course.new_bests(self._connection)

    def course(self) -> list[tuple[int, float]]:
        """(iteration, Z of the best so far) of the history, without what the stages cost."""
        with self._checked():
            return course.in_short(self._connection)

    def best_cost(self) -> Cost | None:
        """What the best so far costs, without its structure; None before there is one."""
        query = "SELECT params, flops, layers FROM bests ORDER BY iteration DESC LIMIT 1"
        with self._checked():
            row = self._connection.execute(query).fetchone()
            return None if row is None else codec.read_cost(row)

    def members(self) -> tuple[Member, ...]:
        """The population at the last checkpoint, best first; only what is new is parsed."""
        with self._checked():
            known = self._living
            born = [
                int(row["iteration"])
                for row in self._rows(
                    "SELECT iteration FROM population ORDER BY z DESC, iteration DESC",
                    _MOST_MEMBERS,
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
            # reading the preset has brought what this imports
            preset = self.record.preset
            from maedet_tui.presets.within_space import breaches

            # an iteration far below 0 would be a search without end
            schedule = preset.schedule
            # a proof counts what it has looked at, and nobody knows how much that will be
            most = cells.MOST_COUNT if schedule.exact else schedule.iterations
            iteration = cells.whole(row["iteration"], "iteration", most=most)
            bests = self._members("bests", "iteration", MOST_BESTS)
            state = State(
                iteration,
                bool(cells.whole(row["begun"], "beginning", most=1)),
                cells.maybe(cells.whole, row["switched_at"], "switch", 0, iteration),
                self.counts(),
                self._members("population", "z, iteration", _MOST_MEMBERS),
                bests[-1] if bests else None,
                codec.read_rng(row["rng"]),
                self.tally(),
                tuple(map(codec.read_ancestor, self._rows(_ANCESTORS, _MOST_MEMBERS))),
            )
            for member in state.members:
                for one in breaches(preset.space, member.structure):
                    raise ValueError(f"a structure of its population is none of its space: {one}")
            batch = cells.whole(row["batch"], "batch", 1, _MOST_BATCH)
            spent = cells.seconds(row["seconds"], "seconds")
            status = self.status()
            bound = self.bound(status) if status is not None else None
            return Checkpoint(state, self.points(), bests, spent, batch, bound)

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
                tally=self.tally(),
                best_iteration=status.best_iteration,
                history=self.points(),
                bests=self.new_bests(),
                members=self.members(),
                lineage=self._lineage.read(self._connection, status.best_iteration),
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

    def _members(self, table: str, order: str, most: int) -> tuple[Member, ...]:
        rows = self._rows(f"SELECT {codec.SCORED} FROM {table} ORDER BY {order}", most)
        return tuple(map(codec.read_member, rows))

    def _rows(self, query: str, most: int) -> Iterator[sqlite3.Row]:
        return rows(self._connection, query, most)

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
                clipped(f"{self.path}: is damaged ({_said(error)}); {database.INSTEAD}")
            ) from None


def _file(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of its name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _said(error: BaseException) -> str:
    """What is damaged, in words; what Python says of a value of the wrong kind is none."""
    if isinstance(error, KeyError):
        return f"it lacks {shown(error.args[0])}"
    if isinstance(error, ValueError):
        return clipped(printable(str(error)), _MOST_SAID)
    return "a value of the wrong kind"
