"""The folders of runs: making a new one, and finding one by the name that a user gives."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

from engine.formats.rows import closest
from maedet_tui.errors import SaveError
from maedet_tui.files import names_a_file, save_error
from maedet_tui.store import database
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import FILE as RUN_LOCK
from maedet_tui.store.lock import RunLock
from maedet_tui.trackers import forget as forget_tracks

DEFAULT_RUNS_DIR = Path("runs")
#: what the program itself puts into a run's folder
RUN_FILES = (
    database.FILE, f"{database.FILE}-wal", f"{database.FILE}-shm", RUN_LOCK,
    "preset.yaml", "best.yaml", "best.txt", "run.log", "run.log.1",
)  # fmt: skip


def claim_folder(runs_dir: Path, preset_name: str, name: str | None) -> Path:
    """Make the folder of a new run and return its path.

    name: the user's, refused if it is taken. Without one, the preset's name and the
    time make one, and a number is added if that is taken. Raises SaveError.
    """
    if name is not None:
        refuse_bad_name(name)
        folder = runs_dir / name
        try:
            runs_dir.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
        except FileExistsError as error:
            if not folder.is_dir():
                raise save_error(folder, error) from None
            try:
                taken = any(folder.iterdir())
            except OSError as unreadable:
                raise save_error(folder, unreadable) from None
            if taken:
                raise SaveError(f"{folder}: holds a run already; choose another --name") from None
            _refuse_unwritable(folder)
        except OSError as error:
            raise save_error(folder, error) from None
        return folder
    stem = re.sub(r"[^\w.-]+", "-", preset_name).strip(".-") or "search"
    stem = f"{stem[:60]}-{datetime.now():%Y%m%d-%H%M%S}"
    for number in range(1, 1000):
        folder = runs_dir / (stem if number == 1 else f"{stem}-{number}")
        try:
            runs_dir.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
        except FileExistsError as error:
            if not folder.exists():  # runs_dir itself is a file
                raise save_error(runs_dir, error) from None
            continue
        except OSError as error:
            raise save_error(folder, error) from None
        return folder
    raise SaveError(f"{runs_dir}: has a thousand runs of this second; choose a --name")


def refuse_bad_name(name: str) -> None:
    """Raise SaveError unless the name is that of one folder, and a visible one."""
    if not names_a_file(name):
        raise SaveError(
            f"--name {name!r} cannot name a folder; use letters, digits, '-', '_' and '.'"
        )


def _refuse_unwritable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SaveError(f"{folder}: you may not write there; choose another --name or --runs-dir")


def find_run(ref: str, runs_dir: Path) -> Path:
    """The folder of the run that a user names: by its name in runs_dir, or by its path.

    Raises StoreError.
    """
    for folder in (runs_dir / ref, Path(ref)):
        try:
            if ref and folder.is_dir():
                if (folder / database.FILE).exists():
                    return folder
                raise StoreError(f"{folder}: holds no run ({database.FILE} is missing)")
        except (OSError, ValueError):  # a name that no folder can have
            continue
    shown = ref if ref.isprintable() and 0 < len(ref) <= 200 else repr(ref[:60])
    names = [folder.name for folder in run_folders(runs_dir)]
    hint = closest(ref, names[-20:]) if names else f"there are no runs in {runs_dir}"
    raise StoreError(f"{shown}: no such run; {hint}")


def run_folders(runs_dir: Path) -> list[Path]:
    """The folders in runs_dir that hold a run, by name. Raises StoreError."""
    try:
        if not runs_dir.exists():
            return []
        return sorted(f for f in runs_dir.iterdir() if (f / database.FILE).exists())
    except OSError as error:
        raise StoreError(f"{runs_dir}: cannot be read: {error.strerror}") from None


def remove_run(folder: Path) -> None:
    """Remove a run that no process searches, damaged or not. Raises StoreError.

    A folder with anything in it that is not a run's stays, with that.
    """
    lock = RunLock(folder)
    lock.take()
    try:
        forget_tracks(folder)
        for path in sorted(folder.iterdir(), key=lambda path: path.name == RUN_LOCK):
            if path.name in RUN_FILES or path.name.startswith((".best.", ".preset.", ".run.db")):
                path.unlink()
        left = sorted(path.name for path in folder.iterdir())
        if left:
            others = ", ".join(left[:5])
            raise StoreError(f"{folder}: the run is removed, but not {others}: not a part of it")
        folder.rmdir()
    except OSError as error:
        raise StoreError(f"{folder}: cannot be removed: {error.strerror}") from None
    finally:
        lock.release()
