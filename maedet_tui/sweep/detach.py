"""A sweep in the background: driven by a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from maedet_tui import logs
from maedet_tui.errors import SaveError
from maedet_tui.files import save_error
from maedet_tui.log_file import open_log
from maedet_tui.store.lock import holder
from maedet_tui.sweep.searched import Where

#: what the driver prints, and why anything failed
LOG = "sweep.log"
#: seconds that the new process is given to take the sweep over
PATIENCE = 20.0


def begin_driving(folder: Path, where: Where | None = None) -> int:
    """Have another process drive a sweep, out of reach of this terminal's end. Returns its number.

    Raises SaveError where its output cannot be kept, or it does not start.
    """
    path = folder / LOG
    try:
        log = open_log(path)
    except OSError as error:
        raise save_error(path, error) from None
    words = ["sweep", "resume", str(folder), "--detached", *(where or Where()).words()]
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "maedet_tui", "--log-level", logs.level(), *words],
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
        said = path.read_text(encoding="utf-8", errors="replace").strip()
        raise SaveError(said[-2000:] or f"the sweep did not start; see {path}")
    return process.pid
