"""The runs of a folder, read in a thread, which may take its time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from maedet_tui.screens.home.details import Found

if TYPE_CHECKING:
    from maedet_tui.store.listing import Line, Listing

#: runs after which those read so far are shown, if none are yet
MANY = 25


def peek(folder: Path) -> Found | None:
    """What a run has found; None of one that has found nothing or cannot be read."""
    from maedet_tui.store.database import StoreError
    from maedet_tui.store.reader import RunReader

    try:
        with contextlib.closing(RunReader(folder)) as reader:
            best, status = reader.best(), reader.status()
            if best is None or status is None:
                return None
            return Found(reader.record.preset, best, reader.course(), status.iteration)
    except StoreError:
        return None


class Runs:
    """folder: where they are. using: held while one is read or removed, for whoever reads a
    run makes files beside it, which would be in the way of removing it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.using = threading.Lock()
        self._listing: Listing | None = None

    def read(self, some: Callable[[list[Line]], object] | None) -> tuple[list[Line], str]:
        """The runs, those under way first, and what is wrong if they cannot be read.

        some: takes those read so far, whenever there are many.
        """
        from engine.snapshot import LIVE
        from maedet_tui.store.database import StoreError
        from maedet_tui.store.listing import Listing, in_order

        if self._listing is None:
            self._listing = Listing(self.folder)
        lines: list[Line] = []
        try:
            with self.using:
                for line in self._listing.lines():
                    lines.append(line)
                    if some is not None and len(lines) % MANY == 0:
                        some(list(lines))
        except StoreError as error:
            return lines, str(error)
        return sorted(in_order(lines), key=lambda line: line.state not in LIVE), ""
