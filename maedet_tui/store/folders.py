"""The folders of runs: found by the name that a user gives, renamed, and removed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from engine.snapshot import ENDED
from maedet_tui.errors import SaveError
from maedet_tui.files import names_a_file, save_error
from maedet_tui.logs import RUN_LOG
from maedet_tui.store import database, notes
from maedet_tui.store.claim import PRESET_COPY
from maedet_tui.store.database import StoreError
from maedet_tui.store.driven import folders_with, not_found
from maedet_tui.store.lock import FILE as RUN_LOCK
from maedet_tui.store.lock import Held, RunLock
from maedet_tui.store.reader import RunReader
from maedet_tui.trackers import forget as forget_tracks

DEFAULT_RUNS_DIR = Path("runs")
#: what the program itself puts into a run's folder
RUN_FILES = (
    database.FILE, *database.BESIDE, RUN_LOCK,
    PRESET_COPY, "best.yaml", "best.txt", RUN_LOG, f"{RUN_LOG}.1", "report.html", "report.md",
    notes.FILE,
)  # fmt: skip
#: what tells the folder of a sweep, with a run for each of its searches inside
SWEEP = "sweep.db"
#: how the names of pictures of the screen begin, which have the time behind it
SCREENSHOT = "screenshot-"


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
    raise not_found(ref, runs_dir, database.FILE, "run")


def run_folders(runs_dir: Path) -> list[Path]:
    """The folders in runs_dir that hold a run, by name. Raises StoreError."""
    return folders_with(runs_dir, database.FILE)


def refuse_new_name(folder: Path, name: str) -> None:
    """Raise SaveError unless a run can be given that name."""
    if not names_a_file(name):
        raise SaveError(f"{name!r} cannot name a folder; use letters, digits, '-', '_' and '.'")
    if name != folder.name and os.path.lexists(folder.parent / name):
        raise SaveError(f"{folder.parent / name}: is there already; choose another name")
    if (folder.parent / SWEEP).exists():
        raise SaveError(f"{folder.parent}: is a sweep, which knows its searches by their names")


def rename_run(folder: Path, name: str) -> Path:
    """Give a run that no process has another name; its folder then. Raises SaveError."""
    refuse_new_name(folder, name)
    renamed = folder.parent / name
    if name == folder.name:
        return folder
    lock = RunLock(folder)
    try:
        lock.take(sign=False)  # the name of a process that died stays
    except Held as held:
        raise _why_held(held, folder) from None
    made = False
    try:
        if not folder.is_symlink():
            renamed.mkdir()  # nobody else takes the name now, and an empty folder is replaced
            made = True
        os.rename(folder, renamed)
    except OSError as error:
        if made:
            with contextlib.suppress(OSError):
                renamed.rmdir()
        raise save_error(renamed, error) from None
    finally:
        lock.release()
    return renamed


def remove_run(folder: Path) -> str:
    """Remove a run that no process has, damaged or not; what was removed, in a sentence.

    Of a link, the link alone goes. A folder with anything in it that is not a run's stays,
    with that. Raises StoreError.
    """
    if folder.is_symlink():
        return _remove_link(folder)
    lock = RunLock(folder)
    try:
        lock.take()
    except Held as held:
        raise _why_held(held, folder) from None
    try:
        forget_tracks(folder)
        for path in folder.iterdir():
            if path.name != RUN_LOCK and _is_run_s(path.name):
                path.unlink()
        lock.remove()
        left = sorted(path.name for path in folder.iterdir())
        if left:
            others = ", ".join(left[:5])
            raise StoreError(f"{folder}: the run is removed, but not {others}: not a part of it")
        folder.rmdir()
        return f"Removed {folder}"
    except OSError as error:
        raise StoreError(f"{folder}: cannot be removed: {error.strerror}") from None
    finally:
        lock.release()


def _is_run_s(name: str) -> bool:
    """Whether the program itself makes files of that name in a run's folder."""
    return (
        name in RUN_FILES
        or name.startswith((".best.", ".note.", ".preset.", ".report.", ".run.db"))
        or (name.startswith(SCREENSHOT) and name.endswith(".svg"))
    )


def _remove_link(link: Path) -> str:
    try:
        leads_to = os.readlink(link)
        link.unlink()
    except OSError as error:
        raise StoreError(f"{link}: cannot be removed: {error.strerror}") from None
    return f"Removed the link {link}; the run that it led to stays, in {leads_to}"


def _why_held(held: Held, folder: Path) -> StoreError:
    """Why a run cannot be removed that a process has, though it may search it no longer."""
    with contextlib.suppress(StoreError), contextlib.closing(RunReader(folder)) as reader:
        status = reader.status()
        if status is not None and status.state in ENDED:
            return StoreError(
                f"{folder}: has {status.state}, but {held.holder or 'another process'} still has "
                "it open on a screen; leave it there first"
            )
    return held
