"""What a run's database says of the run as a whole: what never changes, and where it stands."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from engine.formats.rows import shown
from engine.settings import Preset
from engine.snapshot import STATES, Phase, Portion, RunState
from maedet_tui.store import cells, codec

RECORD = "SELECT created, preset_name, parent, parent_iteration FROM run"
STATUS = (
    "SELECT updated, state, phase, iteration, iterations, seconds, rate, eta, scorer, z, "
    "best_iteration, findings FROM status"
)


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


def read_record(row: sqlite3.Row, text: str, path: Path) -> Record:
    """What never changes, out of its row and the preset's YAML. path: of the database, for
    messages. Raises one of `codec.DAMAGE`."""
    from maedet_tui.presets.problems import PresetError
    from maedet_tui.presets.reading import parse

    name = cells.text(row["preset_name"], "preset's name")
    try:
        preset = parse(text, source=str(path), name=name)
    except PresetError as error:
        problem = error.problems[0]
        where = f"line {problem.line}" if problem.line else ""
        first = ": ".join(filter(None, (where, problem.key, problem.message)))
        raise ValueError(f"its preset: {first}") from None
    parent = cells.maybe(cells.text, row["parent"], "parent", cells.PATH)
    iteration = cells.maybe(cells.whole, row["parent_iteration"], "parent's iteration")
    if (parent is None) != (iteration is None):
        raise ValueError("it has a parent without an iteration, or the other way round")
    created = cells.moment(row["created"], "time of creation")
    return Record(preset, text, created, parent, iteration)


def read_status(row: sqlite3.Row) -> Status:
    """Where a run stands, out of its row. Raises one of `codec.DAMAGE`."""
    if row["state"] not in STATES:
        raise ValueError(f"its state is {shown(row['state'])}")
    phase, progress = codec.read_phase(row["phase"])
    iterations = cells.whole(row["iterations"], "iterations", 1)
    return Status(
        updated=cells.moment(row["updated"], "time of writing"),
        state=row["state"],
        phase=phase,
        progress=progress,
        iteration=cells.whole(row["iteration"], "iteration", most=iterations),
        iterations=iterations,
        seconds=cells.seconds(row["seconds"], "seconds"),
        rate=cells.real(row["rate"], "rate", 0.0),
        eta=cells.maybe(cells.real, row["eta"], "time left", 0.0),
        scorer=cells.text(row["scorer"], "scorer", cells.SENTENCE),
        z=cells.maybe(cells.real, row["z"], "score"),
        best_iteration=cells.whole(row["best_iteration"], "best's iteration"),
        findings=cells.text(row["findings"], "findings", codec.LONGEST),
    )
