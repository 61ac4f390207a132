"""One log on the disk, bounded in size; imported with the first record, for most runs have none."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from io import TextIOWrapper
from logging import LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path

#: bytes of a log, and how many older ones of that size are kept beside it
MOST, OLDER = 1_000_000, 1


def open_log(path: Path, *, through_links: bool = False) -> int:
    """Open a log to add to it, readable by its owner alone. Raises OSError for what is no file."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)
    if not through_links:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.ENOTSUP, "it is no regular file")
    with contextlib.suppress(OSError, AttributeError):  # another owner's, or Windows
        os.fchmod(handle, 0o600)
    return handle


class LogFile(RotatingFileHandler):
    """Appends to a file that only its owner may read, whoever else appends to it.

    A run in the background has its own output in the same file; where a new file takes the
    place of a full one, that output follows.
    """

    def __init__(self, path: Path, *, through_links: bool = False):
        """Make the folder and open the file. Raises OSError.

        through_links: what a link leads to may be written; a run's folder may come from anywhere.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.failed = False
        self._through_links = through_links
        super().__init__(path, maxBytes=MOST, backupCount=OLDER, encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        handle = open_log(Path(self.baseFilename), through_links=self._through_links)
        return os.fdopen(handle, "a", encoding="utf-8")

    def write(self, record: LogRecord) -> bool:
        """Append a record; whether that worked."""
        self.failed = False
        self.handle(record)
        return not self.failed

    def handleError(self, record: LogRecord) -> None:
        """The standard way is to complain on the terminal, which a screen may be on."""
        self.failed = True

    def doRollover(self) -> None:
        """Begin a new file, and take this process's own output along."""
        before, older = os.stat(self.baseFilename), f"{self.baseFilename}.1"
        if os.path.lexists(older) and not stat.S_ISREG(os.lstat(older).st_mode):
            raise OSError(errno.ENOTSUP, "what has the name of an older log is no regular file")
        super().doRollover()
        for output in (1, 2):
            if self.stream is not None and os.path.samestat(os.fstat(output), before):
                os.dup2(self.stream.fileno(), output)
