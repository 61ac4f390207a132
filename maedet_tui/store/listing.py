"""What `maedet-tui runs` knows of each run: values for people and for JSON alike."""

from __future__ import annotations

import contextlib
import csv
import io
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from engine.snapshot import ENDED
from maedet_tui import formatting
from maedet_tui.store.about import Status
from maedet_tui.store.database import FILE, StoreError
from maedet_tui.store.folders import run_folders
from maedet_tui.store.lock import Holder, holder
from maedet_tui.store.notes import FILE as NOTE
from maedet_tui.store.notes import read_note
from maedet_tui.store.reader import RunReader
from maedet_tui.trackers.values import HEADINGS, row

#: what the listing says of a run whose process died without ending it
INTERRUPTED = "interrupted"
_Mark = tuple[int, int, Holder | None, int]
#: what it says of a folder that cannot be read
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Line:
    """One run. age: seconds since anything was written, never negative. created, searched:
    when it was made and last written, in seconds since 1970. bound: on the best possible Z.
    gap: how far the best is below it at most, in percent. note: what somebody wrote about it.
    problem: why a run cannot be read, if so."""

    name: str
    state: str
    preset: str = ""
    phase: str = ""
    iteration: int = 0
    iterations: int = 0
    score: float | None = None
    bound: float | None = None
    gap: float | None = None
    scorer: str = ""
    seconds: float = 0.0
    created: float = 0.0
    age: float = 0.0
    searched: float = 0.0
    parent: str | None = None
    note: str = ""
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
        return Line(folder.name, UNREADABLE, note=read_note(folder), problem=str(error))


def _line(folder: Path, reader: RunReader) -> Line:
    record, status = reader.record, reader.status()
    live = holder(folder) is not None
    begun = Line(
        name=folder.name,
        state="starting" if live else INTERRUPTED,
        preset=record.preset.name,
        iterations=record.preset.schedule.iterations,
        created=record.created,
        age=_age(record.created),
        searched=record.created,
        parent=record.parent,
        note=read_note(folder),
    )
    if status is None:
        return begun
    bound = reader.bound(status)
    return replace(
        begun,
        state=_state(status, live),
        phase=formatting.phase(status.phase, status.progress),
        iteration=status.iteration,
        iterations=status.iterations,
        bound=bound.value if bound else None,
        gap=100 * bound.gap if bound and bound.gap is not None else None,
        score=status.z,
        scorer=status.scorer,
        seconds=status.seconds,
        age=_age(status.updated),
        searched=status.updated,
    )


def in_order(lines: Iterable[Line]) -> list[Line]:
    """Runs, the one last searched first; of those that cannot be read, nobody knows."""
    return sorted(lines, key=lambda line: (-line.searched, line.name))


def _state(status: Status, live: bool) -> str:
    return status.state if live or status.state in ENDED else INTERRUPTED


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


class Listing:
    """The runs of a folder, looked at again and again: only what has changed is read."""

    def __init__(self, runs_dir: Path, most: int = 200):
        """most: runs to list, the ones last written."""
        self.runs_dir = runs_dir
        self._most = most
        self._known: dict[Path, tuple[_Mark, float, Line]] = {}

    def lines(self) -> Iterator[Line]:
        """The runs, the one last written first. Raises StoreError if the folder is unreadable."""
        marked = [(_mark(folder), folder) for folder in run_folders(self.runs_dir)]
        marked.sort(key=lambda pair: pair[0][0], reverse=True)
        marked = marked[: self._most]
        kept = {folder for _, folder in marked}
        self._known = {folder: known for folder, known in self._known.items() if folder in kept}
        for mark, folder in marked:
            known = self._known.get(folder)
            if known is None or known[0] != mark:
                known = self._known[folder] = (mark, time.time(), line(folder))
            _, read_at, found = known
            yield replace(found, age=max(0.0, found.age + time.time() - read_at))


def _mark(folder: Path) -> _Mark:
    """Changes with the run: when it was last written, how much there is, and by whom."""
    when, size = 0, 0
    for name in (FILE, f"{FILE}-wal"):
        with contextlib.suppress(OSError):
            stat = (folder / name).stat()
            if stat.st_size:  # whoever merely reads a run makes an empty log beside it
                when, size = max(when, stat.st_mtime_ns), size + stat.st_size
    who = None
    with contextlib.suppress(StoreError):  # said where the run is read
        who = holder(folder)
    noted = 0
    with contextlib.suppress(OSError):
        noted = (folder / NOTE).stat().st_mtime_ns
    return when, size, who, noted
