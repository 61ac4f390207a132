"""One log on the disk, bounded in size; imported with the first record, for most runs have none."""

from __future__ import annotations

import os
from logging import LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path

#: bytes of a log, and how many older ones of that size are kept beside it
MOST, OLDER = 1_000_000, 1


class LogFile(RotatingFileHandler):
    """Appends to a file that only its owner may read, whoever else appends to it.

    A run in the background has its own output in the same file; where a new file takes the
    place of a full one, that output follows.
    """

    def __init__(self, path: Path):
        """Make the folder and open the file. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.failed = False
        super().__init__(path, maxBytes=MOST, backupCount=OLDER, encoding="utf-8")
        os.chmod(path, 0o600)

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
        before = os.stat(self.baseFilename)
        super().doRollover()
        os.chmod(self.baseFilename, 0o600)
        for output in (1, 2):
            if self.stream is not None and os.path.samestat(os.fstat(output), before):
                os.dup2(self.stream.fileno(), output)
