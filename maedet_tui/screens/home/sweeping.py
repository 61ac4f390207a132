"""Sweeps from the home screen: of the marked preset, or one that is there already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Label, OptionList, Static

from maedet_tui.errors import SaveError
from maedet_tui.formatting import printable
from maedet_tui.presets.problems import PresetError
from maedet_tui.presets.quantities import format_quantity
from maedet_tui.screens import messages
from maedet_tui.screens.ask import Ask
from maedet_tui.screens.confirm import Confirm
from maedet_tui.store.database import StoreError
from maedet_tui.sweep.begin import new_sweep, sweep_folders
from maedet_tui.sweep.detach import begin_driving
from maedet_tui.sweep.estimate import seconds
from maedet_tui.sweep.plan import Plan, Wanted, plan
from maedet_tui.sweep.room import at_once, most_workers
from maedet_tui.sweep.standing import standing
from maedet_tui.sweep.varied import SweepError, Varied, parse_varied
from maedet_tui.widgets.thread import in_thread

if TYPE_CHECKING:
    from maedet_tui.presets.library import Entry

#: sweeps to choose from, the newest
MOST = 50


def ask(screen: Screen[None], entry: Entry, runs_dir: Path) -> None:
    """Ask what varies, show the plan, and start it if that is meant."""
    app = screen.app

    def taken(line: str | None) -> None:
        if line is not None:
            in_thread(screen, lambda: planned(_read(line)), "The sweep could not be planned")

    def planned(varied: tuple[Varied, ...]) -> None:
        wanted = Wanted((entry.name if entry.builtin else entry.source,), varied)
        try:
            found = plan(wanted)
        except (SweepError, PresetError) as error:
            app.call_from_thread(_failed, screen, str(error))
            return
        if found.bad:
            app.call_from_thread(_failed, screen, found.problems())
            return
        jobs = at_once(None, len(found.searches), most_workers(one.text for one in found.searches))
        words = found.words(jobs, seconds(found, jobs))
        app.call_from_thread(
            app.push_screen,
            Confirm(f"{words}\nEach is kept as a run of its own.", "Start", "Not now"),
            lambda yes: _start(screen, wanted, found, runs_dir) if yes else None,
        )

    question = (
        f"Search {entry.name} with which values? FROM..TO:COUNT is a row, A,B a list;\n"
        "several keys with spaces between: all combinations."
    )
    app.push_screen(Ask(question, _suggested(entry), _read, (SweepError,)), taken)


def _suggested(entry: Entry) -> str:
    """Budgets around the preset's own, and three seeds."""
    flops = entry.draft.budget.flops if entry.draft is not None else None
    if flops is None:
        return "search.seed=0,1,2"
    return f"budget.flops={format_quantity(flops)}..{format_quantity(flops * 2)}:3 search.seed=0,1"


def _read(line: str) -> tuple[Varied, ...]:
    """Keys and values with spaces between. Raises SweepError."""
    words = line.split()
    if not words:
        raise SweepError("write a key and its values, such as budget.flops=50G..150G:9")
    return tuple(map(parse_varied, words))


def _start(screen: Screen[None], wanted: Wanted, found: Plan, runs_dir: Path) -> None:
    def work() -> None:
        try:
            folder = new_sweep(wanted, found, runs_dir, None)
            begin_driving(folder)
        except SaveError as error:
            screen.app.call_from_thread(_failed, screen, str(error))
        else:
            screen.app.call_from_thread(screen.post_message, messages.OpenSweep(folder))

    in_thread(screen, work, "The sweep could not be started")


def _failed(screen: Screen[None], said: str) -> None:
    screen.notify(said, title="No sweep", severity="error", timeout=12, markup=False)


def choose(screen: Screen[None], runs_dir: Path) -> None:
    """Let the user choose among the sweeps in a folder, the newest first."""
    try:
        folders = sweep_folders(runs_dir)
        folders = sorted(folders, key=lambda one: one.stat().st_mtime, reverse=True)[:MOST]
    except (SaveError, OSError) as error:
        _failed(screen, str(error))
        return
    if not folders:
        _failed(screen, f"There are none in {runs_dir} yet; v starts one of the marked preset.")
        return

    def chosen(folder: Path | None) -> None:
        if folder is not None:
            screen.post_message(messages.OpenSweep(folder))

    screen.app.push_screen(Sweeps(folders), chosen)


class Sweeps(ModalScreen["Path | None"]):
    """Dismissed with the folder of a sweep, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", tooltip="Back to presets and runs"),
    ]

    def __init__(self, folders: list[Path]):
        super().__init__()
        self._folders = folders

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label("Which sweep?", id="question", markup=False)
            yield OptionList(*map(_line, self._folders), id="sweeps", markup=False)
            yield Static("enter shows it, esc goes back", classes="muted", markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._folders[event.option_index])

    def action_cancel(self) -> None:
        """None of them."""
        self.dismiss(None)


def _line(folder: Path) -> str:
    try:
        said = standing(folder).words()
    except StoreError as error:
        said = str(error).partition(": ")[2]
    return printable(f"{folder.name}   {said}")
