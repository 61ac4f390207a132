"""The six numbers of a preset that people change, to be changed before a search begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Label, Static
from textual.worker import get_current_worker

from engine.settings import Preset
from maedet_tui.formatting import printable
from maedet_tui.presets.doubts import doubts
from maedet_tui.presets.keys import all_keys, explained
from maedet_tui.presets.numbers import NUMBERS, changed, written
from maedet_tui.presets.problems import Problem
from maedet_tui.widgets.thread import in_thread


def ask(
    screen: Screen[None], preset: Preset, text: str, search: Callable[[Preset], object]
) -> None:
    """Show the six numbers of the preset in a text; `search` takes it with those that were
    typed."""

    def answered(found: Preset | None) -> None:
        if found is not None:
            search(found)

    screen.app.push_screen(Numbers(preset, text), answered)


class Numbers(ModalScreen["Preset | None"]):
    """Dismissed with the preset as changed, or None. What is wrong is said while one types."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next number", show=False, tooltip="To the next number"),
        Binding("up", "app.focus_previous", "Number before", show=False,
                tooltip="To the number before"),
        Binding("ctrl+r", "search", "Search", tooltip="Search with these numbers, as enter does"),
        Binding("escape", "cancel", "Cancel", tooltip="Search nothing"),
    ]  # fmt: skip

    def __init__(self, preset: Preset, text: str):
        super().__init__()
        self._preset, self._text = preset, text

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="numbers"):
            yield Label(printable(f"Search {self._preset.name} with"), id="question", markup=False)
            for key, value in written(self._preset).items():
                with Horizontal(classes="field"):
                    yield Label(NUMBERS[key])
                    yield Input(value, name=key, compact=True, select_on_focus=True)
            yield Static("", id="means", classes="muted", markup=False)
            yield Static("", id="wrong", markup=False)
            yield Static("enter searches, esc changes nothing", classes="muted", markup=False)

    def on_mount(self) -> None:
        self.query(Input).first().focus()

    # --- what is told ------------------------------------------------------------

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        in_thread(self, lambda: self._look_up(event.widget.name or ""), "No help was found")

    def _look_up(self, name: str) -> None:
        all_keys()  # which imports the schema
        self.app.call_from_thread(self._tell, name)

    def _tell(self, name: str) -> None:
        focused = self.focused
        if focused is not None and focused.name == name:
            key = explained(name.split("."))
            self.query_one("#means", Static).update(f"{key.meaning} Takes {key.takes}.")

    @property
    def _lines(self) -> dict[str, str]:
        return {field.name or "": field.value for field in self.query(Input)}

    def on_input_changed(self) -> None:
        lines = self._lines

        def work() -> None:
            preset, problems = changed(self._preset, self._text, lines)
            doubtful = [] if problems or preset is None else doubts(preset)
            if not get_current_worker().is_cancelled:
                self.app.call_from_thread(self._take, lines, problems, doubtful)

        in_thread(self, work, "The numbers could not be checked", group="check", exclusive=True)

    def _take(
        self, lines: dict[str, str], problems: list[Problem], doubtful: list[Problem]
    ) -> None:
        if lines == self._lines:
            self._show(problems or doubtful, wrong=bool(problems))

    def _show(self, problems: list[Problem], *, wrong: bool) -> None:
        said = self.query_one("#wrong", Static)
        said.set_class(not wrong, "-doubt")
        said.update("\n".join(_words(problem) for problem in problems[:2]))

    # --- what keys do -------------------------------------------------------------

    def on_input_submitted(self) -> None:
        self.action_search()

    def action_search(self) -> None:
        """Search with what was typed, if that can be."""
        preset, problems = changed(self._preset, self._text, self._lines)
        if problems or preset is None:
            self._show(problems, wrong=True)
        else:
            self.dismiss(preset)

    def action_cancel(self) -> None:
        """Search nothing."""
        self.dismiss(None)


def _words(problem: Problem) -> str:
    """Without the file: it is not there that something is to be put right."""
    where = problem.where if problem.where in NUMBERS.values() else ""
    return ": ".join(part for part in (where, problem.key, problem.message) if part)
