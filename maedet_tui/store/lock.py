"""One process per run: a lock on run.lock that the system takes away when its owner dies."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from maedet_tui.files import save_error
from maedet_tui.store.database import StoreError

FILE = "run.lock"
#: seconds that a lock is tried for: whoever asks if a run is alive holds it for an instant
PATIENCE = 0.5
#: how a lock is opened: a folder may come from anywhere, with a link or a pipe of that name
_SAFELY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


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


class Held(StoreError):
    """Another process has the lock. holder: which one, if it says so."""

    def __init__(self, folder: Path, holder: Holder | None):
        self.holder = holder
        super().__init__(
            f"{folder}: is being searched by {holder or 'another process'}; "
            f"`maedet-tui watch {folder}` shows it, `maedet-tui stop {folder}` ends it"
        )


class Gone(StoreError):
    """There is no folder to lock."""


class RunLock:
    """Held from `take` until `release` or `remove`, or until the process ends in whatever way.

    made: there was no run.lock before this one.
    """

    def __init__(self, folder: Path):
        self.folder, self.path = folder, folder / FILE
        self.made = False
        self._handle: int | None = None
        self._signed = False

    def take(self, *, sign: bool = True) -> Holder | None:
        """Take the lock; returns who held it before without giving it back, if anybody.

        sign: put this process's name in, which is all that is left of the one before.
        Raises Held while another process holds it, Gone where there is no folder, and
        StoreError.
        """
        deadline = time.monotonic() + PATIENCE
        while True:
            handle, made = self._open()
            with _closed_unless_kept(handle) as kept:
                # whoever held it may have removed the run, and this file with it
                if _locked(handle, self.path) and _is_at(handle, self.path):
                    kept.append(handle)
                    break
                if time.monotonic() > deadline:
                    raise Held(self.folder, _read(self.path))
            time.sleep(0.02)
        self._handle, self.made = handle, made
        before = _read(self.path)
        if sign:
            self.sign()
        return before

    def _open(self) -> tuple[int, bool]:
        """The file, and whether it is new."""
        try:
            try:
                return _opened(self.path, os.O_RDWR), False
            except FileNotFoundError:
                made = _opened(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
                return made, True
        except FileExistsError:  # made by another process in between
            return self._open()
        except FileNotFoundError as error:
            raise Gone(str(save_error(self.path, error))) from None
        except OSError as error:
            raise _refused(self.path, error) from None

    def sign(self) -> None:
        """Say in the file which process holds it, where that fits on the disk."""
        me = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        self._signed = True
        self._write(json.dumps(me))

    @property
    def kept(self) -> bool:
        """Whether the lock is held, and the file that others look at is still this one."""
        return self._handle is not None and _is_at(self._handle, self.path)

    def keep(self) -> None:
        """Take the lock once more where somebody has removed its file. Raises StoreError."""
        if not self.kept:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None
            self.take()

    def release(self) -> None:
        """Give the lock back, leaving no name behind: a name without a lock is a crash."""
        if self._handle is not None:
            if self._signed:
                self._write("")
            os.close(self._handle)
            self._handle, self._signed = None, False

    def remove(self) -> None:
        """Give the lock back and take its file away, before anybody else can have it."""
        if self.kept:
            with contextlib.suppress(OSError):
                self.path.unlink()
        self.release()

    def _write(self, text: str) -> None:
        assert self._handle is not None
        with contextlib.suppress(OSError):  # a full disk keeps nobody from holding a lock
            os.ftruncate(self._handle, 0)
            os.lseek(self._handle, 0, os.SEEK_SET)
            os.write(self._handle, text.encode())


def holder(folder: Path) -> Holder | None:
    """The process that writes a run now; None if there is none."""
    path = folder / FILE
    try:
        handle = _opened(path, os.O_RDONLY)
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


def _opened(path: Path, flags: int) -> int:
    """Open a lock, but no link, pipe or device of its name. Raises OSError."""
    handle = os.open(path, flags | _SAFELY, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.ENOTSUP, "it is no regular file; remove it")
    return handle


def _refused(path: Path, error: OSError) -> StoreError:
    if error.errno == errno.ELOOP:
        return StoreError(
            f"{path}: is a link, and nothing of a run is written through one; remove it"
        )
    return StoreError(str(save_error(path, error)))


@contextlib.contextmanager
def _closed_unless_kept(handle: int) -> Iterator[list[int]]:
    """Close a file at the end, if it has not been put into the list by then."""
    kept: list[int] = []
    try:
        yield kept
    finally:
        if not kept:
            os.close(handle)


def _is_at(handle: int, path: Path) -> bool:
    """Whether the path still leads to the open file."""
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except OSError:
        return False


def _read(path: Path) -> Holder | None:
    try:
        handle = _opened(path, os.O_RDONLY)
        try:
            values: Any = json.loads(os.read(handle, 1000))
        finally:
            os.close(handle)
        return Holder(int(values["pid"]), str(values["host"])[:100], float(values["since"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


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
