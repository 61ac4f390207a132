"""The three ways in which a search begins: anew, where it stopped, or out of another run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.files import Unreadable, read_regular
from engine.formats.strict_yaml import MAX_LENGTH
from engine.run.checkpoint import Checkpoint
from engine.settings import AUTO, Preset
from maedet_tui.errors import SaveError
from maedet_tui.presets.write import dump
from maedet_tui.store.claim import PRESET_COPY, claim_folder, write_preset_copy
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import holder
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore


def new_run(
    preset: Preset,
    runs_dir: Path,
    name: str | None,
    *,
    parent: tuple[str, int] | None = None,
    start_from: Checkpoint | None = None,
) -> RunStore:
    """Claim a folder and make a run in it. Raises SaveError, leaving nothing behind.

    parent, start_from: as for `RunStore.create`.
    """
    claim = claim_folder(runs_dir, preset.name, name)
    preset = settled(preset)
    text = dump(preset)
    try:
        write_preset_copy(claim.folder, text)
        return RunStore.create(
            claim.folder, preset, text, claim=claim, parent=parent, start_from=start_from
        )
    except BaseException:  # an interrupt too
        claim.give_up()
        raise


def settled(preset: Preset) -> Preset:
    """The preset with the population as the number that "auto" comes to: what a run has found
    is of that number, whatever a later version would choose."""
    schedule = preset.schedule
    if schedule.population != AUTO:
        return preset
    numbers = replace(schedule, population=schedule.capacity, balance=schedule.balances)
    return replace(preset, schedule=numbers)


def same_scorer(preset: Preset, checkpoint: Checkpoint | None) -> Preset:
    """The preset with "auto" settled as it was: a score of another kind is no continuation."""
    best = checkpoint.evolution.best if checkpoint else None
    if preset.scorer == "auto" and not preset.schedule.warm_start and best is not None:
        return replace(preset, scorer=best.score.method)
    return preset


def reopen_run(folder: Path) -> RunStore:
    """A run to go on with where it stopped. Raises StoreError if there is nothing to do."""
    store = RunStore.reopen(folder)
    try:
        with contextlib.closing(RunReader(folder)) as reader:
            status = reader.status()
        if status is not None and status.state == "finished":
            if status.iteration < status.iterations or store.record.preset.schedule.exact:
                raise StoreError(
                    f"{folder}: has found what it was to find; a new search begins with "
                    f"`maedet-tui search {folder / PRESET_COPY}`"
                )
            raise StoreError(
                f"{folder}: has finished all {status.iterations:,} iterations; "
                f"add --iterations with more of them to search on in a new run"
            )
    except StoreError:
        store.close()
        raise
    return store


def branch_run(
    folder: Path,
    overrides: Mapping[str, tuple[Any, str]],
    runs_dir: Path,
    name: str | None,
) -> RunStore:
    """A new run that goes on from another one's checkpoint with other settings.

    overrides: as for `maedet_tui.presets.load`. The other run may be live or ended; it
    is only read. Raises SaveError and PresetError.
    """
    from maedet_tui.presets.reading import parse

    with contextlib.closing(RunReader(folder)) as reader:
        checkpoint, before = reader.checkpoint(), reader.record.preset
        preset = parse(
            reader.preset_text, source=str(reader.path), name=before.name, overrides=overrides
        )
    if checkpoint is None:
        raise StoreError(f"{folder}: has not begun yet, so there is nothing to go on from")
    if preset.schedule.iterations <= checkpoint.iteration:
        raise StoreError(
            f"{folder}: is at iteration {checkpoint.iteration:,} already; "
            f"choose more than that with --iterations"
        )
    if preset.budget != before.budget:
        # what was best under another budget says nothing about this one
        checkpoint = replace(checkpoint, history=(), bests=(), bound=None)
    preset = same_scorer(preset, checkpoint)
    parent = (str(folder.resolve()), checkpoint.iteration)
    return new_run(preset, runs_dir, name, parent=parent, start_from=checkpoint)


def going_on(store: RunStore) -> list[str]:
    """What the user should know about a run that goes on."""
    notices, found, record = [], store.found, store.record
    if store.crashed is not None and found is not None:
        notices.append(
            f"{store.crashed} left this run without ending it; going on from its last "
            f"checkpoint, iteration {found.iteration:,}"
        )
    if record.parent is not None:
        notices.append(f"goes on from {record.parent}, iteration {record.parent_iteration:,}")
    copy = store.folder / PRESET_COPY
    if not os.path.lexists(copy):
        with contextlib.suppress(SaveError):  # for people alone
            write_preset_copy(store.folder, record.text)
        return notices
    try:
        edited = read_regular(copy, MAX_LENGTH).decode() != record.text
    except (Unreadable, UnicodeDecodeError):
        notices.append(f"{copy} cannot be read, which changes nothing: the run keeps to run.db")
    else:
        if edited:
            notices.append(
                f"{copy} was edited, which changes nothing here: the run keeps to the preset "
                f"that it began with, in run.db; `maedet-tui search {copy}` begins a new run"
            )
    return notices


def is_live(folder: Path) -> bool:
    """Whether a process searches the run now."""
    return holder(folder) is not None
