"""This machine's processors, divided among the workers of whatever searches there are.

Three searches of as many workers as there are processors would have three times as many
processes, each with maps of its own in memory. A seat is a locked file; the system gives it back
when its owner dies, in whatever way.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

#: files are locked, and never written; a link that somebody has put there is not followed
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


def folder() -> Path:
    """Where the locks of this user are."""
    user = os.getuid() if hasattr(os, "getuid") else ""
    place = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(place) / f"maedet-workers-{user}"


class Seats:
    """So many seats, of which all processes of this user take some. Where files cannot be
    locked, there is always room."""

    def __init__(self, count: int):
        self._count, self._folder = count, folder()

    def take(self, wanted: int) -> list[int]:
        """Take up to so many free seats: open files, to be given back with `leave`."""
        taken: list[int] = []
        try:
            import fcntl
        except ImportError:  # Windows
            return [-1] * wanted
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            for number in range(self._count):
                if len(taken) == wanted:
                    break
                handle = os.open(self._folder / str(number), _FLAGS, 0o600)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(handle)
                except OSError:
                    os.close(handle)
                    raise
                else:
                    taken.append(handle)
        except OSError:  # another user's folder, a disk without locks: nobody is kept waiting
            taken.extend([-1] * (wanted - len(taken)))
        return taken


def leave(seats: list[int]) -> None:
    """Give seats back."""
    while seats:
        if (handle := seats.pop()) >= 0:
            with contextlib.suppress(OSError):
                os.close(handle)
