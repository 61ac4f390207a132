"""One process per run: a lock on run.lock that the system takes away when its owner dies."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from pathlib import Path
from typing import Any, NamedTuple

from maedet_tui.files import save_error
from maedet_tui.store.database import StoreError

FILE = "run.lock"
#: seconds that a lock is tried for: whoever asks if a run is alive holds it for an instant
PATIENCE = 0.5


class Holder(NamedTuple):
    """The process that writes a run, or the last one that did."""

    pid: int
    host: str
    since: float

    @property
    def here(self) -> bool:
        """Whether it runs on this machine, so that a signal could reach it."""
        return self.host == socket.gethostname() and self.pid > 0

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


class RunLock:
    """Held from `take` until `release`, or until the process ends in whatever way."""

    def __init__(self, folder: Path):
        self.path = folder / FILE
        self._handle: int | None = None

    def take(self) -> Holder | None:
        """Take the lock; returns who held it before without giving it back, if anybody.

        Raises StoreError while another process holds it.
        """
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(str(save_error(self.path, error))) from None
        deadline = time.monotonic() + PATIENCE
        while not _locked(handle, self.path):
            if time.monotonic() > deadline:
                os.close(handle)
                holder = _read(self.path)
                raise StoreError(
                    f"{self.path.parent}: is being searched by {holder or 'another process'}; "
                    f"`maedet-tui watch {self.path.parent}` shows it, "
                    f"`maedet-tui stop {self.path.parent}` ends it"
                )
            time.sleep(0.02)
        self._handle = handle
        before = _read(self.path)
        me = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        _write(handle, json.dumps(me))
        return before

    def release(self) -> None:
        """Give the lock back, leaving no name behind: a name without a lock is a crash."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                _write(self._handle, "")
            os.close(self._handle)
            self._handle = None


def holder(folder: Path) -> Holder | None:
    """The process that writes a run now; None if there is none."""
    path = folder / FILE
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        if _locked(handle, path, shared=True):
            return None
        return _read(path) or Holder(0, "an unknown machine", 0.0)
    finally:
        os.close(handle)


def crashed(folder: Path) -> Holder | None:
    """The process that wrote a run and died without giving the lock back, if so."""
    return None if holder(folder) else _read(folder / FILE)


def _read(path: Path) -> Holder | None:
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8")[:1000])
        return Holder(int(values["pid"]), str(values["host"])[:100], float(values["since"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _write(handle: int, text: str) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, text.encode())


def _locked(handle: int, path: Path, *, shared: bool = False) -> bool:
    """Try to lock an open file; whether that worked."""
    try:
        import fcntl
    except ImportError:  # Windows
        return _locked_byte(handle)
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StoreError(
            f"{path}: this file system cannot lock files ({error.strerror}); "
            "choose a place on a local disk with --runs-dir"
        ) from None
    return True


def _locked_byte(handle: int) -> bool:
    import msvcrt

    # far behind the text, since nobody else can read a byte that is locked this way
    os.lseek(handle, 1 << 20, os.SEEK_SET)
    try:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # of Windows
    except OSError:
        return False
    return True
