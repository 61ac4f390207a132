"""A sweep in the background: driven by a process of its own."""

from __future__ import annotations

from pathlib import Path

from maedet_tui.runs.background import in_background
from maedet_tui.sweep.searched import Where

#: what the driver prints, and why anything failed
LOG = "sweep.log"


def begin_driving(folder: Path, where: Where | None = None) -> int:
    """Have another process drive a sweep. Returns its number.

    Raises SaveError where its output cannot be kept, or it does not start.
    """
    words = ["sweep", "resume", str(folder), "--detached", *(where or Where()).words()]
    return in_background("the sweep", folder, LOG, words)
