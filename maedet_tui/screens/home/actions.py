"""What the home screen does to presets and runs, asking first where something is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.snapshot import LIVE
from maedet_tui.errors import SaveError
from maedet_tui.presets import PresetError, folder, library
from maedet_tui.presets.reading import file_text
from maedet_tui.screens.ask import Ask
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.home.lists import row_id
from maedet_tui.store.folders import remove_run

if TYPE_CHECKING:
    from maedet_tui.presets.library import Entry
    from maedet_tui.screens.home.screen import Home
    from maedet_tui.store.listing import Line


def copy(home: Home, entry: Entry) -> None:
    """Ask for a name, and save the preset's text under it."""

    def save(name: str | None) -> None:
        if name is None:
            return
        try:
            path = folder.save(name, text)
        except SaveError as error:
            _failed(home, "Not copied", error)
            return
        home.read_presets(row_id(library.Entry(name, False, str(path))))
        home.notify(f"{path}\nPress e to edit it.", title=f"Copied {entry.name}", markup=False)

    try:
        text = file_text(Path(entry.source))
        suggested = folder.free_name(entry.name)
    except PresetError as error:
        _failed(home, "Not copied", error)
        return
    home.app.push_screen(Ask(f"Copy {entry.name} to:", suggested, folder.refuse_taken), save)


def delete_preset(home: Home, entry: Entry) -> None:
    """Delete a preset of the user's, if that is meant; a built-in one stays."""
    if entry.builtin:
        home.notify(f"{entry.name} comes with the program; c copies it.", title="Not deleted",
                    severity="warning", markup=False)  # fmt: skip
        return

    def delete(yes: bool | None) -> None:
        if not yes:
            return
        try:
            folder.remove(Path(entry.source))
        except SaveError as error:
            _failed(home, "Not deleted", error)
        home.read_presets()

    question = f"Delete your preset {entry.name} for good?\n{entry.source}"
    home.app.push_screen(Confirm(question, "Delete", "Keep"), delete)


def delete_run(home: Home, path: Path, line: Line, done: Callable[[], None]) -> None:
    """Remove a run that nobody searches, if that is meant."""
    if line.state in LIVE:
        home.notify(f"{line.name} is under way; open it and stop it first.", title="Not deleted",
                    severity="warning", markup=False)  # fmt: skip
        return

    def remove() -> None:
        try:
            with home.using_runs:
                remove_run(path)
        except SaveError as error:
            home.app.call_from_thread(_failed, home, "Not deleted", error)
        home.app.call_from_thread(done)

    def delete(yes: bool | None) -> None:
        if yes:
            home.run_worker(remove, thread=True, exit_on_error=False)

    question = f"Remove the run {line.name} with its best and its history for good?\n{path}"
    home.app.push_screen(Confirm(question, "Remove", "Keep"), delete)


def _failed(home: Home, title: str, error: Exception) -> None:
    home.notify(str(error), title=title, severity="error", timeout=10, markup=False)
