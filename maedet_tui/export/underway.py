"""An export in a thread, which can be given up until its files are put in their place."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: how often a folder is removed into which somebody still writes
TRIES = 20


class GivenUp(Exception):
    """Nobody waits for the export any more."""


class Underway:
    """path: of the file or folder to be. seconds: since it was begun. given_up, finished:
    how it ended."""

    def __init__(self, path: Path):
        self.path = path
        self._since = time.monotonic()
        self._lock = threading.Lock()
        self._scratch: Path | None = None
        self.given_up = self.finished = False

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._since

    def works_in(self, scratch: Path) -> None:
        """The folder to remove if the export is given up. Raises GivenUp if it has been."""
        with self._lock:
            if self.given_up:
                raise GivenUp
            self._scratch = scratch

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """While files are put in their place, giving up waits. Raises GivenUp if too late."""
        with self._lock:
            if self.given_up:
                raise GivenUp
            yield
            self.finished = True

    def give_up(self) -> None:
        """See to it that nothing is put in place any more, and that no scratch is left.

        The thread may go on until it notices; a process that ends need not wait for it.
        """
        with self._lock:
            self.given_up = not self.finished
            scratch = self._scratch
        # a file may be made while others are removed, but none once the folder is gone
        for _ in range(TRIES):
            if scratch is None or not scratch.exists():
                return
            shutil.rmtree(scratch, ignore_errors=True)
