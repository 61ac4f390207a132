"""One search of a sweep, in a process that searches one after the other."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.snapshot import Snapshot
from maedet_tui.errors import SaveError
from maedet_tui.presets.problems import PresetError
from maedet_tui.presets.reading import parse
from maedet_tui.runs.local import LocalRun
from maedet_tui.store import database
from maedet_tui.store.begin import new_run, reopen_run
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore
from maedet_tui.sweep.searched import Ended, Task

#: seconds between two looks at whether the search is to stop, and that it is given to do so
LOOK_EVERY, PATIENCE = 0.2, 5.0


def search(task: Task, stopped: Callable[[], bool], meanwhile: Callable[[], object]) -> Ended:
    """Search to the end, from the last checkpoint of the run's folder if there is one.

    stopped: asked now and then. meanwhile: called as often. A search that fails for its own
    reason is one that has ended; nothing is raised for it.
    """
    folder = Path(task.folder)
    try:
        if (already := finished(folder)) is not None:
            return already
        run = LocalRun.of(_opened(task, folder))
    except (SaveError, PresetError) as error:
        return Ended("failed", place=place(), error=str(error))
    try:
        if not stopped():
            run.start()
            while not run.wait(LOOK_EVERY):
                meanwhile()
                if stopped():
                    break
    finally:
        run.close(PATIENCE if stopped() else None)
    ended = _ended(run.snapshot)
    if (trouble := run.trouble) is not None:
        ended = replace(ended, state="failed", error=trouble)
    return ended


def finished(folder: Path) -> Ended | None:
    """What the run in a folder ended with, if it has finished. Raises StoreError."""
    if not (folder / database.FILE).exists():
        return None
    with contextlib.closing(RunReader(folder)) as reader:
        status = reader.status()
        if status is None or status.state != "finished":
            return None
        snapshot = reader.snapshot()
        return None if snapshot is None else _ended(snapshot)


def place() -> str:
    """This process, as a run's lock names it."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def _opened(task: Task, folder: Path) -> RunStore:
    if (folder / database.FILE).exists():
        return reopen_run(folder)
    preset = parse(task.text, source=f"search {task.number}")
    return new_run(preset, folder.parent, folder.name)


def _ended(snapshot: Snapshot) -> Ended:
    best = snapshot.best
    state = snapshot.state if snapshot.ended else "stopped"
    went: dict[str, Any] = {
        "place": place(), "iteration": snapshot.iteration, "seconds": snapshot.seconds,
        "error": snapshot.error,
    }  # fmt: skip
    if best is None:
        return Ended(state, **went)
    latency = snapshot.latency
    return Ended(
        state,
        z=best.score.z,
        bound=snapshot.bound.value if snapshot.bound is not None else None,
        method=best.score.method,
        **best.cost._asdict(),
        latency=latency.predicted if latency is not None else None,
        structure=best.structure,
        **went,
    )
