"""The folder of a sweep: made, found, and taken by the one process that drives it."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from pathlib import Path

from engine.formats.strict_yaml import dump as dump_yaml
from maedet_tui.files import write_atomically
from maedet_tui.store.driven import driven, find_folder, folders_with, new_folder
from maedet_tui.sweep import store
from maedet_tui.sweep.plan import Plan, Wanted

#: what was asked for, for people to read and to use again
COPY = "sweep.yaml"


def new_sweep(wanted: Wanted, plan: Plan, runs_dir: Path, name: str | None) -> Path:
    """Make the folder of a sweep with its plan in it; nothing is searched yet.

    name: the user's, refused if it is taken. Raises SaveError.
    """
    text = yaml_of(wanted)
    folder = new_folder(runs_dir, "sweep", Path(wanted.presets[0]).stem, name)
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


def driving(folder: Path) -> AbstractContextManager[store.SweepStore]:
    """The sweep's database, to write, while this process alone drives it. Raises StoreError."""
    return driven(
        folder,
        lambda: store.SweepStore(folder, write=True),
        "is driven by {who} already; `maedet-tui sweep watch {folder}` shows it, "
        "`maedet-tui sweep stop {folder}` ends it",
    )


def find_sweep(ref: str, runs_dir: Path) -> Path:
    """The folder of the sweep that a user names: by its name in runs_dir, or by its path.

    Raises StoreError.
    """
    return find_folder(ref, runs_dir, store.FILE, "sweep")


def sweep_folders(runs_dir: Path) -> list[Path]:
    """The folders in runs_dir that hold a sweep, by name. Raises StoreError."""
    return folders_with(runs_dir, store.FILE)


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
