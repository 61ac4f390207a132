"""What `maedet-tui runs` knows of each run: values for people and for JSON alike."""

from __future__ import annotations

import contextlib
import csv
import io
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import holder
from maedet_tui.store.reader import RunReader, Status
from maedet_tui.trackers.values import HEADINGS, row

#: what the listing says of a run whose process died without ending it
INTERRUPTED = "interrupted"
#: what it says of a folder that cannot be read
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Line:
    """One run. age: seconds since anything was written, never negative. problem: why a
    run cannot be read, if so."""

    name: str
    state: str
    preset: str = ""
    phase: str = ""
    iteration: int = 0
    iterations: int = 0
    score: float | None = None
    scorer: str = ""
    seconds: float = 0.0
    created: float = 0.0
    age: float = 0.0
    parent: str | None = None
    problem: str | None = None

    def values(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def line(folder: Path) -> Line:
    """The listing's line for a run; a damaged one has a line too."""
    try:
        with contextlib.closing(RunReader(folder)) as reader:
            return _line(folder, reader)
    except StoreError as error:
        return Line(folder.name, UNREADABLE, problem=str(error))


def _line(folder: Path, reader: RunReader) -> Line:
    record, status = reader.record, reader.status()
    made = {
        "preset": record.preset.name,
        "created": record.created,
        "parent": record.parent,
        "iterations": record.preset.schedule.iterations,
    }
    live = holder(folder) is not None
    if status is None:
        state = "starting" if live else INTERRUPTED
        return Line(folder.name, state, age=_age(record.created), **made)
    return Line(
        name=folder.name,
        state=_state(status, live),
        phase=status.phase,
        iteration=status.iteration,
        score=status.z,
        scorer=status.scorer,
        seconds=status.seconds,
        age=_age(status.updated),
        **made,
    )


def _state(status: Status, live: bool) -> str:
    over = status.state in ("finished", "stopped", "failed")
    return status.state if live or over else INTERRUPTED


def _age(since: float) -> float:
    """Seconds since then; none at all where the clock has gone back."""
    return max(0.0, time.time() - since)


def history_csv(reader: RunReader) -> str:
    """The history as a table: iteration, Z, and params, FLOPs and layers of C1-C5."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    writer.writerows(map(row, reader.points()))
    return out.getvalue()
