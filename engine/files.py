"""Reading what somebody names: regular files alone, and no more of one than it may hold.

A pipe would be waited for without end, and a device such as /dev/zero has no end. Each
reader of files, here and in the program around, comes by this one.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
#: bytes that are asked for at once
_PIECE = 1 << 20


class Unreadable(Exception):
    """Why a file is not read, as what a sentence that begins with its path goes on with.

    folder, special, large: it is a folder; is no regular file; is larger than it may be.
    errno: of the system, where that refuses.
    """

    def __init__(
        self,
        reason: str,
        *,
        folder: bool = False,
        special: bool = False,
        large: bool = False,
        errno: int | None = None,
    ):
        self.folder, self.special, self.large, self.errno = folder, special, large, errno
        super().__init__(reason)


def open_regular(path: Path | str, most: int) -> BinaryIO:
    """A regular file of at most so many bytes, open for reading, or what a link leads to.

    Raises Unreadable, at once whatever else is there.
    """
    try:
        # looked at first, for merely opening a device may do something
        _refuse_special(os.stat(path).st_mode)
        # whatever has taken its place in between is not waited for either
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags)
    except OSError as error:
        raise _refused(error) from None
    except ValueError:  # a null character in it
        raise Unreadable("is no name that a file can have") from None
    try:
        found = os.fstat(handle)
        _refuse_special(found.st_mode)
        if found.st_size > most:
            raise _too_large(found.st_size, most)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def refuse_unreadable(path: Path | str, most: int) -> None:
    """Raise Unreadable for what is no regular file of at most so many bytes; opens nothing."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise _refused(error) from None
    _refuse_special(found.st_mode)
    if found.st_size > most:
        raise _too_large(found.st_size, most)


def read_regular(path: Path | str, most: int) -> bytes:
    """The content of a regular file of at most so many bytes. Raises Unreadable."""
    with open_regular(path, most) as file:
        pieces, size = [], 0
        try:
            # all of it at once, and then whether it has grown meanwhile, or tells no size
            wanted = os.fstat(file.fileno()).st_size + 1
            while piece := file.read(wanted):
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise _too_large(size, most)
                wanted = _PIECE
        except OSError as error:
            raise _refused(error) from None
    return b"".join(pieces)


def _refuse_special(mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise Unreadable("is a folder", folder=True)
    kind = next((word for is_kind, word in _KINDS if is_kind(mode)), "something else")
    raise Unreadable(f"is not a regular file but {kind}", special=True)


def _refused(error: OSError) -> Unreadable:
    return Unreadable(f"cannot be read: {error.strerror or error}", errno=error.errno)


def _too_large(size: int, most: int) -> Unreadable:
    return Unreadable(
        f"has {_bytes(size)}, and of such a file at most {_bytes(most)} are read", large=True
    )


def _bytes(count: int) -> str:
    for unit, scale in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count} bytes"
