"""What the home screen does to presets and runs, asking first where something is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App

from engine.snapshot import LIVE
from maedet_tui.errors import SaveError
from maedet_tui.presets import PresetError, folder, library
from maedet_tui.presets.reading import file_text
from maedet_tui.screens.ask import Ask
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.home.lists import row_id
from maedet_tui.store.folders import remove_run
from maedet_tui.widgets.thread import in_thread

if TYPE_CHECKING:
    from maedet_tui.presets.library import Entry
    from maedet_tui.store.listing import Line


def copy(app: App[None], entry: Entry, copied: Callable[[str], object]) -> None:
    """Ask for a name, and save the preset's text under it; `copied` takes its row."""

    def save(name: str | None) -> None:
        if name is None:
            return
        try:
            path = folder.save(name, text)
        except SaveError as error:
            _failed(app, "Not copied", error)
            return
        copied(row_id(library.Entry(name, False, str(path))))
        app.notify(f"{path}\nPress e to edit it.", title=f"Copied {entry.name}", markup=False)

    try:
        text = file_text(Path(entry.source))
        suggested = folder.free_name(entry.name)
    except PresetError as error:
        _failed(app, "Not copied", error)
        return
    app.push_screen(Ask(f"Copy {entry.name} to:", suggested, folder.refuse_taken), save)


def delete_preset(app: App[None], entry: Entry, done: Callable[[], object]) -> None:
    """Delete a preset of the user's, if that is meant; a built-in one stays."""
    if entry.builtin:
        app.notify(f"{entry.name} comes with the program; c copies it.", title="Not deleted",
                   severity="warning", markup=False)  # fmt: skip
        return

    def delete(yes: bool | None) -> None:
        if not yes:
            return
        try:
            folder.remove(Path(entry.source))
        except SaveError as error:
            _failed(app, "Not deleted", error)
        done()

    question = f"Delete your preset {entry.name} for good?\n{entry.source}"
    app.push_screen(Confirm(question, "Delete", "Keep"), delete)


def delete_run(
    app: App[None], path: Path, line: Line, using: threading.Lock, done: Callable[[], object]
) -> None:
    """Remove a run that nobody searches, if that is meant.

    using: held while it is removed, for reading a run makes files beside it.
    """
    if line.state in LIVE:
        app.notify(f"{line.name} is under way; open it and stop it first.", title="Not deleted",
                   severity="warning", markup=False)  # fmt: skip
        return

    def remove() -> None:
        try:
            with using:
                remove_run(path)
        except SaveError as error:
            app.call_from_thread(_failed, app, "Not deleted", error)
        app.call_from_thread(done)

    def delete(yes: bool | None) -> None:
        if yes:
            in_thread(app, remove, f"The run {line.name} could not be removed")

    question = f"Remove the run {line.name} with its best and its history for good?\n{path}"
    app.push_screen(Confirm(question, "Remove", "Keep"), delete)


def _failed(app: App[None], title: str, error: Exception) -> None:
    app.notify(str(error), title=title, severity="error", timeout=10, markup=False)
