"""One line asked of the user; what cannot be used stays in the line, with the reason below."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

Answer = TypeVar("Answer")


class Question(ModalScreen[Answer | None], Generic[Answer]):
    """Dismissed with what `read` makes of the line, or None.

    read: raises an exception of `refusals` whose text tells what is wrong.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Done", priority=True, tooltip="Take what is written"),
        Binding("escape", "leave", "Cancel", tooltip="Leave everything as it is"),
    ]

    def __init__(
        self,
        question: str,
        value: str,
        read: Callable[[str], Answer],
        refusals: tuple[type[Exception], ...] = (ValueError,),
    ):
        super().__init__()
        self._question, self._value, self._read, self._refusals = question, value, read, refusals

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label(self._question, id="question", markup=False)
            yield Input(self._value, id="line", compact=True)
            yield Static("", id="trouble", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def action_take(self) -> None:
        """Dismiss with the line, or say why not."""
        try:
            answer = self._read(self.query_one(Input).value.strip())
        except self._refusals as error:
            self.query_one("#trouble", Static).update(str(error))
        else:
            self.dismiss(answer)

    def action_leave(self) -> None:
        """Dismiss without an answer."""
        self.dismiss(None)
