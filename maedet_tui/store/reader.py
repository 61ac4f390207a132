"""Reading a run, live or not: what it is, where it stands, what it found, all of it checked."""

from __future__ import annotations

import contextlib
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
        self._connection = database.open_to_read(self.path)
        self._points: list[Point] = []
        self._frozen: tuple[Point, ...] = ()
        self._bests: list[NewBest] = []
        self._living: dict[int, Member] = {}

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def data_version(self) -> int:
        """Changes whenever somebody has written."""
        with self._checked():
            return self._connection.execute("PRAGMA data_version").fetchone()[0]

    @cached_property
    def preset_text(self) -> str:
        """The frozen preset's YAML."""
        with self._checked():
            return str(self._one("SELECT preset FROM run")[0])

    @cached_property
    def record(self) -> Record:
        """What never changes."""
        from maedet_tui.presets.problems import PresetError
        from maedet_tui.presets.reading import parse

        with self._checked():
            _, created, name, text, parent, at = self._one("SELECT * FROM run")
            try:
                preset = parse(text, source=str(self.path), name=str(name))
            except PresetError as error:
                raise StoreError(
                    f"{self.path}: its preset is damaged: {str(error).splitlines()[0]}"
                ) from None
            return Record(preset, text, float(created), parent, at)

    def status(self) -> Status | None:
        """Where the run stands; None before its process first wrote."""
        with self._checked():
            row = self._connection.execute("SELECT * FROM status").fetchone()
            if row is None:
                return None
            _, updated, state, phase, at, of, seconds, rate, eta, scorer, z, best, findings = row
            if state not in STATES:
                raise ValueError(f"its state is {str(state)[:40]!r}")
            return Status(
                float(updated), state, *codec.read_phase(phase), int(at), int(of),
                float(seconds), float(rate), None if eta is None else float(eta), str(scorer),
                None if z is None else float(z), int(best), str(findings),
            )  # fmt: skip

    def counts(self) -> dict[str, int]:
        """What became of the children, by reason."""
        with self._checked():
            return {
                str(k): int(v)
                for k, v in self._connection.execute("SELECT * FROM counts ORDER BY 1")
            }

    def points(self) -> tuple[Point, ...]:
        """The history so far; only what is new is read."""
        with self._checked():
            last = self._points[-1].iteration if self._points else -1
            stages: dict[int, dict[str, tuple[Cost, float | None]]] = {}
            for iteration, level, *cost, part in self._connection.execute(
                "SELECT * FROM stages WHERE iteration > ?", (last,)
            ):
                stages.setdefault(iteration, {})[level] = Cost(*map(int, cost)), part
            for iteration, z, accepted in self._connection.execute(
                "SELECT * FROM history WHERE iteration > ? ORDER BY iteration", (last,)
            ):
                costs, parts = zip(*(stages[iteration][level] for level in LEVELS))
                known = () if None in parts else tuple(map(float, parts))
                accepted = None if accepted is None else int(accepted)
                self._points.append(Point(int(iteration), float(z), costs, accepted, known))
            if len(self._frozen) != len(self._points):
                self._frozen = tuple(self._points)
            return self._frozen

    def new_bests(self) -> tuple[NewBest, ...]:
        """Every change of the best; only what is new is read."""
        with self._checked():
            last = self._bests[-1].iteration if self._bests else -1
            for iteration, z, origin in self._connection.execute(
                "SELECT iteration, z, origin FROM bests WHERE iteration > ? ORDER BY 1", (last,)
            ):
                self._bests.append(NewBest(int(iteration), float(z), str(origin)))
            return tuple(self._bests)

    def members(self) -> tuple[Member, ...]:
        """The population at the last checkpoint, best first; only what is new is parsed."""
        with self._checked():
            known = self._living
            born = [
                int(iteration)
                for (iteration,) in self._connection.execute(
                    "SELECT iteration FROM population ORDER BY z DESC, iteration DESC"
                )
            ]
            for chunk in database.chunks([one for one in born if one not in known]):
                marks = ",".join("?" * len(chunk))
                query = f"SELECT * FROM population WHERE iteration IN ({marks})"
                for row in self._connection.execute(query, chunk):
                    known[row[0]] = codec.read_member(row)
            self._living = {one: known[one] for one in born}
            return tuple(self._living.values())

    def checkpoint(self) -> Checkpoint | None:
        """What the search goes on from; None before the first one."""
        with self._consistent(), self._checked():
            row = self._connection.execute("SELECT * FROM checkpoint").fetchone()
            if row is None:
                return None
            _, _, iteration, begun, switched_at, seconds, batch, rng = row
            bests = self._members("bests", "iteration")
            state = State(
                int(iteration),
                bool(begun),
                None if switched_at is None else int(switched_at),
                self.counts(),
                self._members("population", "z, iteration"),
                bests[-1] if bests else None,
                codec.read_rng(rng),
            )
            if not 0 < int(batch) < 1_000_000:
                raise ValueError(f"its batch is {int(batch)}")
            return Checkpoint(state, self.points(), bests, float(seconds), int(batch))

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
            return codec.read_findings(status.findings, size)["best"]

    def _members(self, table: str, order: str) -> tuple[Member, ...]:
        rows = self._connection.execute(f"SELECT * FROM {table} ORDER BY {order}")
        return tuple(map(codec.read_member, rows))

    def _one(self, query: str) -> tuple:
        row = self._connection.execute(query).fetchone()
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
