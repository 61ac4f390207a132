"""What the home screen does to presets and runs, asking first where something is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.screen import Screen

from engine.snapshot import LIVE
from maedet_tui.errors import SaveError
from maedet_tui.presets import PresetError, folder, library
from maedet_tui.presets.reading import file_text
from maedet_tui.screens.ask import Ask
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.home.lists import row_id
from maedet_tui.screens.home.looking import Runs
from maedet_tui.store.folders import refuse_new_name, remove_run, rename_run
from maedet_tui.store.notes import refuse_note, write_note
from maedet_tui.widgets.thread import in_thread

if TYPE_CHECKING:
    from engine.settings import Preset
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


def numbers(screen: Screen[None], entry: Entry, search: Callable[[Preset], object]) -> None:
    """Show the six numbers of a preset that people change; `search` takes it with others."""
    if entry.draft is None and not entry.problems:  # chosen before it was read
        entry = library.read(entry)
    if entry.preset is None:
        _failed(screen.app, f"{entry.name} has a problem", PresetError(list(entry.problems[:1])))
        return
    from maedet_tui.screens.home.numbers import ask

    try:
        ask(screen, entry.preset, file_text(Path(entry.source)), search)
    except PresetError as error:
        _failed(screen.app, f"{entry.name} cannot be read", error)


def delete_runs(
    app: App[None], runs: Runs, lines: Sequence[Line], done: Callable[[], object]
) -> None:
    """Remove those runs that nobody searches, if that is meant."""
    live = [line.name for line in lines if line.state in LIVE]
    free = [line.name for line in lines if line.state not in LIVE]
    if live and not free:
        whose = live[0] if len(live) == 1 else f"Each of the {len(live)}"
        app.notify(f"{whose} is under way; open it and stop it first.", title="Not deleted",
                   severity="warning", markup=False)  # fmt: skip
        return

    def remove() -> None:
        failed = []
        for name in free:
            try:
                with runs.using:
                    remove_run(runs.folder / name)
            except SaveError as error:
                failed.append(str(error))
        if failed:
            said = "\n".join(failed[:3]) + (f"\nand {len(failed) - 3} more" * (len(failed) > 3))
            app.call_from_thread(_failed, app, "Not deleted", SaveError(said))
        app.call_from_thread(done)

    def delete(yes: bool | None) -> None:
        if yes:
            in_thread(app, remove, f"{_several(free)} could not be removed")

    where = runs.folder / free[0] if len(free) == 1 else f"{', '.join(free[:8])}" + (
        f" and {len(free) - 8} more" if len(free) > 8 else ""
    )  # fmt: skip
    them = "its best and its history" if len(free) == 1 else "their bests and histories"
    stays = f"\n{', '.join(live)}: under way, and not removed" if live else ""
    question = f"Remove {_several(free)} with {them} for good?\n{where}{stays}"
    app.push_screen(Confirm(question, "Remove", "Keep"), delete)


def _several(names: Sequence[str]) -> str:
    return f"the run {names[0]}" if len(names) == 1 else f"these {len(names)} runs"


def note(app: App[None], runs: Runs, line: Line, done: Callable[[], object]) -> None:
    """Ask for a line about a run, and keep it beside the run."""

    def write(text: str | None) -> None:
        if text is None:
            return
        try:
            write_note(runs.folder / line.name, text)
        except SaveError as error:
            _failed(app, "Not kept", error)
        done()

    question = f"A note about {line.name}; an empty one takes it away:"
    app.push_screen(Ask(question, line.note, refuse_note), write)


def rename(app: App[None], runs: Runs, line: Line, done: Callable[[str], object]) -> None:
    """Ask for another name of a run that nobody searches, and give it that."""
    path = runs.folder / line.name
    if line.state in LIVE:
        app.notify(
            f"{line.name} is under way, and its search writes where it is; stop it first, or "
            "wait for its end.", title="Not renamed", severity="warning", markup=False,
        )  # fmt: skip
        return

    def move(name: str) -> None:
        try:
            with runs.using:
                rename_run(path, name)
        except SaveError as error:
            app.call_from_thread(_failed, app, "Not renamed", error)
        else:
            app.call_from_thread(done, name)

    def answered(name: str | None) -> None:
        if name and name != line.name:
            in_thread(app, lambda: move(name), f"The run {line.name} could not be renamed")

    question = f"Rename {line.name} to:"
    app.push_screen(Ask(question, line.name, partial(refuse_new_name, path)), answered)


def _failed(app: App[None], title: str, error: Exception) -> None:
    app.notify(str(error), title=title, severity="error", timeout=10, markup=False)
