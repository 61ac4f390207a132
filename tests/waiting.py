"""Waiting for what is bound to come, however slow or busy the machine."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

#: seconds after which something has failed to come; only a failing test waits that long
PATIENCE = 120.0


def until(done: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait for something to become true; fail if it never does."""
    deadline = time.monotonic() + patience
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def remove(folder: Path) -> None:
    """Have a folder gone at a stroke, though a search writes to it and drops files of it."""
    gone = folder.with_name(f"{folder.name}.gone")
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
