"""Wishes to a process that searches: written into its database, heeded within a moment."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from maedet_tui.store import database
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import holder
from maedet_tui.store.reader import RunReader

WISHES = ("pause", "resume", "stop", "save")


def wish(folder: Path, word: str) -> None:
    """Ask the process that searches a run for something. Raises StoreError."""
    if word not in WISHES:
        raise ValueError(f"nobody heeds {word!r}")
    path = folder / database.FILE
    with contextlib.closing(database.open_to_read(path)):
        database.refuse_link(path)  # nothing is written into what is not a run
    with database.explained(path), contextlib.closing(sqlite3.connect(path, timeout=2)) as file:
        file.execute("INSERT INTO wishes (asked, wish) VALUES (?, ?)", (time.time(), word))
        file.commit()


def wait_for(done: Callable[[], bool], patience: float) -> bool:
    """Wait until something is so, at most so many seconds; whether it is."""
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def state_of(folder: Path) -> str:
    """The state of a run as its process last wrote it. Raises StoreError."""
    with contextlib.closing(RunReader(folder)) as reader:
        status = reader.status()
        return status.state if status is not None else "starting"


def stop(folder: Path, patience: float = 5.0) -> bool:
    """End a live search for good; whether it has ended. Raises StoreError.

    A process on this machine that does not heed the wish is sent a SIGTERM, at which it
    saves what it has and ends.
    """
    with contextlib.suppress(StoreError):  # a full disk keeps a wish from being written
        wish(folder, "stop")
        if wait_for(lambda: holder(folder) is None, patience):
            return True
    owner = holder(folder)
    if owner is None:
        return True
    if owner.here:
        with contextlib.suppress(OSError):
            os.kill(owner.pid, signal.SIGTERM)
    return wait_for(lambda: holder(folder) is None, patience)


def told_to_go_on(folder: Path) -> bool:
    """Whether another process holds the run paused, and has been told to go on."""
    with contextlib.suppress(StoreError):  # said by whoever opens the run next
        if holder(folder) is not None and state_of(folder) == "paused":
            wish(folder, "resume")
            return True
    return False
