"""Asks for a name or another line, and says at once what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from maedet_tui.errors import SaveError
from maedet_tui.formatting import printable


class Ask(ModalScreen["str | None"]):
    """Dismissed with the line, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", tooltip="Leave everything as it is"),
    ]

    def __init__(
        self,
        question: str,
        name: str,
        refuse: Callable[[str], object],
        refusals: tuple[type[Exception], ...] = (SaveError,),
    ):
        """name: suggested. refuse: raises one of `refusals` for a line that cannot be."""
        super().__init__()
        self._question, self._suggested, self._refuse = question, name, refuse
        self._refusals = refusals

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label(printable(self._question), id="question", markup=False)
            yield Input(self._suggested, id="name", select_on_focus=True)
            yield Static("", id="wrong", markup=False)
            yield Static("enter takes it, esc changes nothing", classes="muted", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._wrong(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if not self._wrong(event.value):
            self.dismiss(event.value.strip())

    def action_cancel(self) -> None:
        """No name."""
        self.dismiss(None)

    def _wrong(self, name: str) -> str:
        try:
            self._refuse(name.strip())
            wrong = ""
        except self._refusals as error:
            wrong = str(error)
        self.query_one("#wrong", Static).update(wrong)
        return wrong
