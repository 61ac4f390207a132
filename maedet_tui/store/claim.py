"""Claiming the folder of a new run: whoever holds its lock has it, and nobody else cleans it up.

Two searches of one name may begin at once, and a process may die while it begins. So the
lock comes first. What the folder holds is looked at, and what is of no use any more is taken
away, only while it is held.
"""

from __future__ import annotations

import contextlib
import os
import re
from datetime import datetime
from pathlib import Path

from maedet_tui.errors import SaveError
from maedet_tui.files import names_a_file, save_error, write_atomically
from maedet_tui.logs import RUN_LOG
from maedet_tui.store import database
from maedet_tui.store.lock import FILE as RUN_LOCK
from maedet_tui.store.lock import Gone, Held, RunLock

#: the run's preset, for people to read
PRESET_COPY = "preset.yaml"
#: what a beginning makes besides run.lock and run.db; without a run.db it was not finished
_BEGINNING = (PRESET_COPY, *database.BESIDE)
_UNFINISHED = (f".{PRESET_COPY}.", database.UNFINISHED)
#: what may be there already: why an earlier search of the name found nothing
_LOGS = (RUN_LOG, f"{RUN_LOG}.1")
#: times that a folder is made which others remove at that moment
_TRIES = 100


def write_preset_copy(folder: Path, text: str) -> None:
    """Write the preset of run.db for people to read; nothing reads it back. Raises SaveError."""
    write_atomically(folder / PRESET_COPY, text, private=True)


class Claim:
    """The folder of a run, whose lock this process holds.

    new: there was no run in it. made: the folder was made for it.
    """

    def __init__(self, lock: RunLock, *, new: bool, made: bool = False):
        self.folder, self.lock = lock.folder, lock
        self.new, self.made = new, made

    def give_up(self) -> None:
        """Take away what this process has put there, and the folder if it was made for it.

        A run that was there before stays as it is.
        """
        # without the lock, the folder may be another's by now
        if not (self.new and self.lock.kept):
            self.lock.release()
            return
        for path in [self.folder / database.FILE, *_left(self.folder)]:
            with contextlib.suppress(OSError):
                path.unlink()
        self.lock.remove()
        if self.made:
            with contextlib.suppress(OSError):
                self.folder.rmdir()


def claim_folder(runs_dir: Path, preset_name: str, name: str | None) -> Claim:
    """Make the folder of a new run, and lock it.

    name: the user's, refused if it is taken. Without one, the preset's name and the
    time make one, and a number is added if that is taken. Raises SaveError.
    """
    if name is not None:
        refuse_bad_name(name)
        found = _claimed(runs_dir, runs_dir / name, new=False)
        if found is None:
            raise _taken(runs_dir / name)
        return found
    stem = re.sub(r"[^\w.-]+", "-", preset_name).strip(".-") or "search"
    stem = f"{stem[:60]}-{datetime.now():%Y%m%d-%H%M%S}"
    for number in range(1, 1000):
        folder = runs_dir / (stem if number == 1 else f"{stem}-{number}")
        claimed = _claimed(runs_dir, folder, new=True)
        if claimed is not None:
            return claimed
    raise SaveError(f"{runs_dir}: has a thousand runs of this second; choose a --name")


def refuse_bad_name(name: str) -> None:
    """Raise SaveError unless the name is that of one folder, and a visible one."""
    if not names_a_file(name):
        raise SaveError(
            f"--name {name!r} cannot name a folder; use letters, digits, '-', '_' and '.'"
        )


def _claimed(runs_dir: Path, folder: Path, *, new: bool) -> Claim | None:
    """The claim of a folder; None if it is taken. new: it must not be there. Raises SaveError."""
    for _ in range(_TRIES):
        if new and os.path.lexists(folder):
            return None
        made = _made(runs_dir, folder)
        if new and not made:
            return None
        if not made and folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise SaveError(
                f"{folder}: you may not write there; choose another --name or --runs-dir"
            )
        lock = RunLock(folder)
        try:
            lock.take(sign=False)
            return _settled(Claim(lock, new=True, made=made))
        except Gone:  # whoever had it has found nothing, and removed it
            continue
        except Held as held:
            who = held.holder or "another process"
            raise SaveError(f"{folder}: {who} has that run; choose another --name") from None
        except SaveError:
            if made:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise
    raise SaveError(f"{folder}: is removed again and again; choose another --name")


def _made(runs_dir: Path, folder: Path) -> bool:
    """Whether the folder had to be made. Raises SaveError."""
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
    except FileExistsError as error:
        if not runs_dir.is_dir():
            raise save_error(runs_dir, error) from None
        if os.path.lexists(folder) and not folder.is_dir():
            raise save_error(folder, error) from None
        return False
    except OSError as error:
        raise save_error(folder, error) from None
    return True


def _settled(claim: Claim) -> Claim:
    """The claim, signed, of a folder that is as good as empty. Raises SaveError."""
    lock, folder = claim.lock, claim.folder
    try:
        # without a lock beside it, nothing there was made by a beginning
        left = [] if lock.made else _left(folder)
        ours = {RUN_LOCK, *_LOGS, *(path.name for path in left)}
        others = [path for path in folder.iterdir() if path.name not in ours]
        if others:
            raise _taken(folder)
        for path in left:
            path.unlink()
    except BaseException as error:
        # a lock with a name in it stays: it tells which process has died
        (lock.remove if lock.made else lock.release)()
        if isinstance(error, OSError):
            raise save_error(folder, error) from None
        raise
    lock.sign()
    return claim


def _left(folder: Path) -> list[Path]:
    """The files of a beginning in a folder. Raises OSError."""
    return [
        path
        for path in folder.iterdir()
        if path.name in _BEGINNING or path.name.startswith(_UNFINISHED)
    ]


def _taken(folder: Path) -> SaveError:
    return SaveError(f"{folder}: holds a run already; choose another --name")
