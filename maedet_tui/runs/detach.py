"""A search in the background."""

from __future__ import annotations

from collections.abc import Sequence

from maedet_tui.logs import RUN_LOG
from maedet_tui.runs.background import in_background
from maedet_tui.runs.workplace import HERE, Workplace
from maedet_tui.store.writer import RunStore
from maedet_tui.terminal import echo


def detach(store: RunStore, track: Sequence[str] = (), at: Workplace = HERE) -> int:
    """Have another process search a run, and say how to watch it. Returns the exit code.

    at: where its workers are. Raises SaveError where it does not start, or its output cannot be
    kept.
    """
    folder = store.folder
    store.close()
    tracking = [word for name in track for word in ("--track", name)]
    words = ["resume", str(folder), "--headless", *tracking, *at.words(), "--detached"]
    pid = in_background("the search", folder, RUN_LOG, words)
    echo(
        f"Searching in the background (process {pid}): {folder}\n"
        f"  maedet-tui watch {folder}\n"
        f"  maedet-tui pause {folder}   (maedet-tui resume {folder} goes on)\n"
        f"  maedet-tui stop {folder}"
    )
    return 0
