"""Standard output and standard error, which may be closed, full, or read by nobody any more."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from typing import Any

_INPUT, _OUTPUT, _ERROR = 0, 1, 2


class OutputLost(Exception):
    """Standard output takes nothing more. unread: whoever read it wants no more of it.

    No OSError: of such, others would say that a file could not be written.
    """

    def __init__(self, error: OSError):
        self.unread = error.errno == errno.EPIPE
        if self.unread:
            why = "whoever read it has closed it"
        elif error.errno in (errno.ENOSPC, errno.EDQUOT):
            why = "there is no space left where it goes"
        elif error.errno == errno.EBADF:
            why = "it is closed"
        else:
            why = error.strerror or str(error)
        super().__init__(f"standard output was not written to its end: {why}")


@contextlib.contextmanager
def in_passing() -> Iterator[None]:
    """Print what matters at this moment alone: work is broken off if whoever read it has gone,
    but not for want of space, which may pass. What did not get out is told of at the end."""
    try:
        yield
    except OutputLost as lost:
        if lost.unread:
            raise


class _Output(io.FileIO):
    """The end of standard output that leads out of the process."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputLost(error) from None


class _Error(io.FileIO):
    """That of standard error: there is nowhere to say that it fails."""

    def write(self, data: Any, /) -> int:
        with contextlib.suppress(OSError):
            return super().write(data)
        return len(data)


def take() -> None:
    """Have both streams of this process fail in known ways; to be called once, at its start.

    One that is closed is occupied: the next file that is opened would get its number, and
    whatever is printed would go into that.
    """
    for number in (_INPUT, _OUTPUT, _ERROR):
        try:
            os.fstat(number)
        except OSError:
            # opened for reading alone: what is written fails, as it did before
            os.dup2(os.open(os.devnull, os.O_RDONLY), number)
    if sys.stdin is None:
        sys.stdin = open(_INPUT, closefd=False)  # noqa: SIM115
    sys.stdout = _stream(sys.stdout, _Output(_OUTPUT, "w", closefd=False), "strict")
    sys.stderr = _stream(sys.stderr, _Error(_ERROR, "w", closefd=False), "backslashreplace")


def _stream(before: Any, raw: io.FileIO, errors: str) -> io.TextIOWrapper:
    """A text stream over `raw`, in the encoding of the one before it, if there was one."""
    known = isinstance(before, io.TextIOWrapper)
    if known:
        before.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=before.encoding if known else "utf-8",
        errors=before.errors if known else errors,
        line_buffering=raw.isatty() or raw.fileno() == _ERROR,
    )


def finish() -> None:
    """Write what is still on its way. Raises OutputLost."""
    sys.stdout.flush()
    sys.stderr.flush()


def forget() -> None:
    """Throw away what standard output does not take, lest the interpreter try once more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _OUTPUT)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
