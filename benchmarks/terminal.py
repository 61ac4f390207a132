"""The real program in a pseudo-terminal (Linux, macOS), and what it has written down meanwhile.

What the terminal received is kept with its times and read only afterwards, so that reading
takes nothing from the program.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

#: rows and columns
SIZE = (40, 120)
#: iterations that no measurement reaches the end of
ENDLESS = 50_000_000


class Terminal:
    """A program in a pseudo-terminal, and what it wrote, when."""

    def __init__(self, *words: str, size: tuple[int, int] = SIZE):
        """size: rows and columns."""
        import pexpect

        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        # a program that people start has been compiled before
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.began = time.perf_counter()
        self.size = size
        self.chunks: list[tuple[float, bytes]] = []
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "maedet_tui", *words],
            dimensions=size,
            env=environment,
        )
        self.child.delaybeforesend = None  # else every key waits 50 ms before it is sent

    def read(self, seconds: float, until: bytes | None = None) -> bool:
        """Take what comes for a while, or until a text has come; whether it has."""
        import pexpect

        end, seen = time.perf_counter() + seconds, b""
        while (left := end - time.perf_counter()) > 0:
            try:
                chunk = self.child.read_nonblocking(1 << 16, left)
            except (pexpect.TIMEOUT, pexpect.EOF):
                break
            self.chunks.append((time.perf_counter(), chunk))
            seen = seen[-200:] + chunk
            if until is not None and until in seen:
                return True
        return False

    def screens(self) -> Iterator[tuple[float, list[str]]]:
        """The screen after each piece of output, with its time, if it has kept its size."""
        import pyte

        screen = pyte.Screen(self.size[1], self.size[0])
        stream = pyte.ByteStream(screen)
        for when, chunk in self.chunks:
            stream.feed(chunk)
            yield when, screen.display

    def resize(self, size: tuple[int, int]) -> None:
        """Another number of rows and columns."""
        self.child.setwinsize(*size)

    def close(self) -> None:
        """End the program."""
        with contextlib.suppress(OSError):
            os.kill(self.child.pid, signal.SIGTERM)
        self.read(8.0)
        self.child.close(force=True)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder for runs that is gone afterwards."""
    path = Path(tempfile.mkdtemp())
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def progress_of(run: Path) -> tuple[int, float]:
    """(iterations, seconds of work) of a recorded search so far."""
    from maedet_tui.store.reader import RunReader

    with contextlib.closing(RunReader(run)) as reader:
        status = reader.status()
    assert status is not None
    return status.iteration, status.seconds
