"""This program in a process of its own, out of reach of this terminal's end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine.files import Unreadable, open_regular
from maedet_tui import logs
from maedet_tui.errors import SaveError
from maedet_tui.files import save_error
from maedet_tui.log_file import open_log
from maedet_tui.store.lock import holder

#: seconds that the new process is given to take the folder over
PATIENCE = 20.0
#: bytes of a log that is looked into, and characters of its end that are told
MOST_READ, MOST_TOLD = 1 << 30, 2000


def in_background(what: str, folder: Path, log: str, words: Sequence[str]) -> int:
    """Run the command line `words`, which takes a folder over. Returns the process's number.

    what: is to start, in two words. log: name of the file in the folder that it prints to. Raises
    SaveError where that cannot be kept, or with what the process said where it does not start.
    """
    path = folder / log
    try:
        output = open_log(path)
    except OSError as error:
        raise save_error(path, error) from None
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "maedet_tui", "--log-level", logs.level(), *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    finally:
        os.close(output)
    deadline = time.monotonic() + PATIENCE
    while holder(folder) is None and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    if process.poll():
        said = _end_of(path).removeprefix("Error: ")
        raise SaveError(said or f"{what} did not start; see {path}")
    return process.pid


def _end_of(log: Path) -> str:
    """The last lines that a log has, or "" where it cannot be read."""
    try:
        with open_regular(log, MOST_READ) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - MOST_TOLD))
            return file.read().decode(errors="replace").strip()
    except (Unreadable, OSError):
        return ""
