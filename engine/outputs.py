"""Writing files: whole or not at all, and never in the place of what is no file.

A pipe or a device that somebody has named is written into, as by any other program; one that
merely has the name of a file of ours is left as it is.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path


def write_whole(
    path: Path, content: bytes | memoryview, *, mode: int = 0o600, named: bool = False
) -> None:
    """Write a file so that a reader sees the old content or the new one, never a part.

    mode: its permissions. named: by the user, so that what a link leads to is written, and
    a pipe or a device is written into. Raises OSError.
    """
    place = _place(path, named)
    if place is None:
        _pour(path, content)
        return
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, place)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def move_whole(made: Path, path: Path, *, named: bool = False) -> None:
    """Put a finished file where it belongs. named: as of `write_whole`. Raises OSError."""
    place = _place(path, named)
    if place is None:
        _pour(path, made.read_bytes())
        return
    try:
        os.replace(made, place)
    except OSError as error:
        if error.errno != errno.EXDEV:  # a link has led to another disk
            raise
        write_whole(place, made.read_bytes(), mode=stat.S_IMODE(made.stat().st_mode))


def is_special(path: Path) -> bool:
    """Whether a link leads, or the path itself, to what is neither a file nor a folder."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _place(path: Path, named: bool) -> Path | None:
    """The path that a new file may take; None where the old one is to be written into.

    Raises OSError for a pipe, a device or a socket that nobody has named.
    """
    try:
        found = os.stat(path) if named else os.lstat(path)
    except FileNotFoundError:
        return Path(os.path.realpath(path)) if named else path
    if named and (is_special(path) or _stream(found) is not None):
        return None
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode)):
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise OSError(errno.ENOTSUP, "it is no regular file, and such a one is left as it is")
    return Path(os.path.realpath(path)) if named else path


def _stream(found: os.stat_result) -> int | None:
    """The number of this process's own output that a file is, as /dev/stdout is."""
    for number in (1, 2):
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(number), found):
                return number
    return None


def _pour(path: Path, content: bytes | memoryview) -> None:
    """Write into what is there. A pipe that nobody reads is waited for, as by any program."""
    number = _stream(os.stat(path))
    # opened anew, a file that is standard output would be written from its beginning
    handle = os.open(path, os.O_WRONLY) if number is None else os.dup(number)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
