"""A search in the background: a process of its own, out of reach of this terminal's end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine.files import Unreadable, open_regular
from maedet_tui import logs
from maedet_tui.files import save_error
from maedet_tui.log_file import open_log
from maedet_tui.logs import RUN_LOG
from maedet_tui.store.lock import holder
from maedet_tui.store.writer import RunStore
from maedet_tui.terminal import echo

#: seconds that the new process is given to take the run over
PATIENCE = 20.0
#: bytes of a log that is looked into
MOST_READ = 1 << 30


def detach(store: RunStore, track: Sequence[str] = ()) -> int:
    """Have another process search a run, and say how to watch it. Returns the exit code.

    Raises SaveError where its output cannot be kept.
    """
    folder = store.folder
    store.close()
    program = [sys.executable, "-m", "maedet_tui", "--log-level", logs.level()]
    tracking = [word for name in track for word in ("--track", name)]
    try:
        log = open_log(folder / RUN_LOG)
    except OSError as error:
        raise save_error(folder / RUN_LOG, error) from None
    try:
        process = subprocess.Popen(
            [*program, "resume", str(folder), "--headless", *tracking, "--detached"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    finally:
        os.close(log)
    deadline = time.monotonic() + PATIENCE
    while holder(folder) is None and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    if process.poll():
        said = _end_of(folder / RUN_LOG)
        nothing = f"Error: the search did not start; see {folder / RUN_LOG}"
        echo(said or nothing, err=True)
        return 1
    echo(
        f"Searching in the background (process {process.pid}): {folder}\n"
        f"  maedet-tui watch {folder}\n"
        f"  maedet-tui pause {folder}   (maedet-tui resume {folder} goes on)\n"
        f"  maedet-tui stop {folder}"
    )
    return 0


def _end_of(log: Path) -> str:
    """The last lines that a log has, or "" where it cannot be read."""
    try:
        with open_regular(log, MOST_READ) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 2000))
            return file.read().decode(errors="replace").strip()
    except (Unreadable, OSError):
        return ""
