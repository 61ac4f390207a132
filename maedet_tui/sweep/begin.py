"""The folder of a sweep: made, found, and taken by the one process that drives it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from engine.formats.rows import closest
from engine.formats.strict_yaml import dump as dump_yaml
from maedet_tui.errors import SaveError
from maedet_tui.files import save_error, write_atomically
from maedet_tui.store.claim import refuse_bad_name
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import Held, RunLock
from maedet_tui.sweep import store
from maedet_tui.sweep.plan import Plan, Wanted

#: what was asked for, for people to read and to use again
COPY = "sweep.yaml"


def new_sweep(wanted: Wanted, plan: Plan, runs_dir: Path, name: str | None) -> Path:
    """Make the folder of a sweep with its plan in it; nothing is searched yet.

    name: the user's, refused if it is taken. Raises SaveError.
    """
    text = yaml_of(wanted)
    folder = _made(runs_dir, wanted.presets[0], name)
    try:
        write_atomically(folder / COPY, text, private=True)
        store.create(folder, text, plan.searches)
    except BaseException:
        for path in (folder / COPY, folder / store.FILE):
            with contextlib.suppress(OSError):
                path.unlink()
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise
    return folder


@contextlib.contextmanager
def driving(folder: Path) -> Iterator[store.SweepStore]:
    """The sweep's database, to write, while this process alone drives it. Raises StoreError."""
    lock = RunLock(folder)
    try:
        lock.take()
    except Held as held:
        raise StoreError(
            f"{folder}: is driven by {held.holder or 'another process'} already; "
            f"`maedet-tui sweep watch {folder}` shows it, `maedet-tui sweep stop {folder}` ends it"
        ) from None
    try:
        with store.SweepStore(folder, write=True) as opened:
            yield opened
    finally:
        lock.release()


def find_sweep(ref: str, runs_dir: Path) -> Path:
    """The folder of the sweep that a user names: by its name in runs_dir, or by its path.

    Raises StoreError.
    """
    for folder in (runs_dir / ref, Path(ref)):
        try:
            if ref and (folder / store.FILE).exists():
                return folder
        except (OSError, ValueError):  # a name that no folder can have
            continue
    said = ref if ref.isprintable() and 0 < len(ref) <= 200 else repr(ref[:60])
    names = [folder.name for folder in sweep_folders(runs_dir)]
    hint = closest(ref, names[-20:]) if names else f"there are no sweeps in {runs_dir}"
    raise StoreError(f"{said}: no such sweep; {hint}")


def sweep_folders(runs_dir: Path) -> list[Path]:
    """The folders in runs_dir that hold a sweep, by name. Raises StoreError."""
    try:
        if not runs_dir.exists():
            return []
        return sorted(f for f in runs_dir.iterdir() if (f / store.FILE).exists())
    except OSError as error:
        raise StoreError(f"{runs_dir}: cannot be read: {error.strerror}") from None


def yaml_of(wanted: Wanted) -> str:
    """A sweep as YAML that `maedet_tui.sweep.reading` reads back as the same."""
    values: dict[str, object] = {"presets": list(wanted.presets)}
    if wanted.varied:
        values["vary"] = {one.key: list(one.values) for one in wanted.varied}
    if wanted.seeds is not None:
        values["seeds"] = wanted.seeds
    for key in ("audit", "bound"):
        if getattr(wanted, key):
            values[key] = True
    return dump_yaml(values)


def _made(runs_dir: Path, preset: str, name: str | None) -> Path:
    if name is not None:
        refuse_bad_name(name)
        names = [name]
    else:
        stem = re.sub(r"[^\w.-]+", "-", Path(preset).stem).strip(".-") or "sweep"
        stem = f"sweep-{stem[:50]}-{datetime.now():%Y%m%d-%H%M%S}"
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
