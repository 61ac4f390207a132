"""Leaving a search to a process of its own, from the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from maedet_tui.cli import signals
from maedet_tui.runs.detach import detach
from maedet_tui.runs.workplace import Workplace
from maedet_tui.store.writer import RunStore


def leave(opened: Callable[[], RunStore], track: Sequence[str], at: Workplace) -> int:
    """Have another process search a run, its workers there. Returns the exit code.

    opened: makes the run, or opens it; nothing is left of it if a signal comes meanwhile.
    """
    with signals.collected() as received:
        store = opened()
        if received:
            store.discard()
            return 128 + received[0]
        return detach(store, track, at)
