"""Folders of work that one process drives and others look at, sweeps and validations: made,
found, and taken. Each is told by the database in it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from engine.formats.rows import closest
from maedet_tui.errors import SaveError
from maedet_tui.files import save_error
from maedet_tui.store.claim import refuse_bad_name
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import Held, RunLock

_Opened = TypeVar("_Opened")


def new_folder(runs_dir: Path, kind: str, preset: str, name: str | None) -> Path:
    """An empty folder in runs_dir for a new one of a kind, such as "sweep".

    name: the user's, refused if it is taken. Without one, the kind, the preset's name and the
    time make one, and a number is added if that is taken. Raises SaveError.
    """
    if name is not None:
        refuse_bad_name(name)
        names = [name]
    else:
        stem = re.sub(r"[^\w.-]+", "-", preset).strip(".-") or "preset"
        stem = f"{kind}-{stem[:50]}-{datetime.now():%Y%m%d-%H%M%S}"
        names = [stem, *(f"{stem}-{number}" for number in range(2, 100))]
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(runs_dir, error) from None
    for one in names:
        folder = runs_dir / one
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise save_error(folder, error) from None
        return folder
    raise SaveError(f"{runs_dir / names[0]}: is there already; choose another --name")


def folders_with(runs_dir: Path, file: str) -> list[Path]:
    """The folders in runs_dir that hold a file of that name, by name. Raises StoreError."""
    try:
        if not runs_dir.exists():
            return []
        return sorted(folder for folder in runs_dir.iterdir() if (folder / file).exists())
    except OSError as error:
        raise StoreError(f"{runs_dir}: cannot be read: {error.strerror}") from None


def find_folder(ref: str, runs_dir: Path, file: str, kind: str) -> Path:
    """The folder that a user names, by its name in runs_dir or by its path.

    file: that tells a folder of this kind. Raises StoreError.
    """
    for folder in (runs_dir / ref, Path(ref)):
        try:
            if ref and (folder / file).exists():
                return folder
        except (OSError, ValueError):  # a name that no folder can have
            continue
    raise not_found(ref, runs_dir, file, kind)


def not_found(ref: str, runs_dir: Path, file: str, kind: str) -> StoreError:
    """What is said where a user names none of a kind: which may be meant. To be raised."""
    said = ref if ref.isprintable() and 0 < len(ref) <= 200 else repr(ref[:60])
    names = [folder.name for folder in folders_with(runs_dir, file)]
    hint = closest(ref, names[-20:]) if names else f"there are no {kind}s in {runs_dir}"
    return StoreError(f"{said}: no such {kind}; {hint}")


@contextlib.contextmanager
def driven(
    folder: Path, opened: Callable[[], AbstractContextManager[_Opened]], held: str
) -> Iterator[_Opened]:
    """The database in a folder, to write, while this process alone drives what is there.

    held: what is said where another process does, with {who} in it. Raises StoreError.
    """
    lock = RunLock(folder)
    try:
        lock.take()
    except Held as error:
        who = error.holder or "another process"
        raise StoreError(f"{folder}: {held.format(who=who, folder=folder)}") from None
    try:
        with opened() as store:
            yield store
    finally:
        lock.release()
