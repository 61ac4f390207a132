"""Whether the files that a database is written to are still those that others find.

SQLite keeps writing to a file that was deleted, and hears nothing of one that was cut short.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from maedet_tui.store import database
from maedet_tui.store.database import FILE

#: what is there as long as the database is open
_OPEN = (FILE, f"{FILE}-wal", f"{FILE}-shm")
_File = tuple[int, int]


class Watch:
    """Looks after run.db and what is beside it, from when it has been opened by its writer."""

    def __init__(self, path: Path):
        self._path = path
        self._size = 0
        self._suspected = False
        self._known: dict[str, _File] = {}
        self.lost()

    def suspect(self) -> None:
        """SQLite has found the file to be another than it has written."""
        self._suspected = True

    def lost(self, *, thorough: bool = False) -> str | None:
        """What has become of the files, as the end of a sentence; None if they are in order.

        thorough: look into the database too, and not at names and sizes alone.
        """
        if self._suspected:
            return "was damaged"
        for name in _OPEN:
            found, known = self._look(name), self._known.get(name)
            if found is None:
                if name == FILE or known is not None:
                    return "was deleted" if name == FILE else f"lost its {name}"
                continue
            if known is None:
                self._known[name] = known = (found.st_dev, found.st_ino)
            if known != (found.st_dev, found.st_ino):
                return "was replaced" if name == FILE else f"lost its {name}"
            if name == FILE:
                smaller, self._size = found.st_size < self._size, found.st_size
                # another program may have it rewritten without its gaps
                if smaller and self._damaged():
                    self._suspected = True
                    return "was cut short"
        # whatever has taken the name is not opened: a pipe would be waited for
        return "was damaged" if thorough and self._damaged() else None

    def _look(self, name: str) -> os.stat_result | None:
        try:
            return os.lstat(self._path.with_name(name))
        except OSError:
            return None

    def _damaged(self) -> bool:
        try:
            with contextlib.closing(database.open_to_read(self._path)) as connection:
                database.refuse_damaged(connection)
        except (sqlite3.Error, database.StoreError):
            return True
        return False
