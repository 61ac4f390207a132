"""A run that is searched elsewhere: its files, to be sent home and to where it goes on."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from maedet_tui.files import write_atomically
from maedet_tui.store.database import BESIDE, FILE

#: what belongs to a run, besides its database
_FILES = ("preset.yaml", "best.yaml", "best.txt", "run.log")
#: bytes of a run's file that are brought home
_MOST_BYTES = 1 << 28

#: by their names
Files = dict[str, bytes]


def pack(folder: Path) -> Files:
    """What belongs to a run: its database as of one moment, and the files beside it."""
    found: Files = {}
    if (folder / FILE).exists():
        copy = folder / f".{FILE}.home"
        with contextlib.suppress(sqlite3.Error, OSError):
            with (
                contextlib.closing(sqlite3.connect(folder / FILE, timeout=5)) as here,
                contextlib.closing(sqlite3.connect(copy)) as there,
            ):
                here.backup(there)
            found[FILE] = copy.read_bytes()
        with contextlib.suppress(OSError):
            copy.unlink()
    for name in _FILES:
        path = folder / name
        with contextlib.suppress(OSError):
            if path.stat().st_size <= _MOST_BYTES:
                found[name] = path.read_bytes()
    return found


def unpack(files: Files, folder: Path) -> None:
    """Write what came home, each file as a whole. Raises SaveError."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    for name in (FILE, *_FILES):  # of no other name, whatever the cluster says
        if (content := files.get(name)) is not None:
            if name == FILE:  # its log would be taken for the new one's
                for beside in BESIDE:
                    (folder / beside).unlink(missing_ok=True)
            write_atomically(folder / name, content, private=True)
