"""A question that must be answered before something final happens."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Label

from maedet_tui.formatting import printable

Answer = TypeVar("Answer")


class Question(ModalScreen[Answer]):
    """Buttons side by side under a question; the last one, which changes nothing, has the focus.

    Subclasses have an action `answer`, whose parameter a button's name is.
    """

    #: from the first moment on, for a fast typist's Enter
    AUTO_FOCUS = "#answers Button:last-child"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "app.focus_previous", "Button before", show=False,
                tooltip="Move to the button before"),
        Binding("right", "app.focus_next", "Next button", show=False,
                tooltip="Move to the next button"),
    ]  # fmt: skip

    def __init__(self, question: str, buttons: list[Button]):
        super().__init__()
        self._question, self._buttons = question, buttons

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label(printable(self._question), id="question", markup=False)
            with Horizontal(id="answers"):
                yield from self._buttons

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        await self.run_action(f"answer({event.button.name})")


class Confirm(Question[bool]):
    """Dismissed with True for yes; anything else is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", tooltip="Do it"),
        Binding("n,escape", "answer(False)", "No", tooltip="Leave everything as it is"),
    ]

    def __init__(self, question: str, yes: str, no: str):
        buttons = [
            Button(f"{yes} (y)", variant="error", id="yes", name="True"),
            Button(f"{no} (n)", variant="primary", id="no", name="False"),
        ]
        super().__init__(question, buttons)

    def action_answer(self, yes: bool) -> None:
        """Answer from the keyboard."""
        self.dismiss(yes)


class Leave(Question[str]):
    """Leaving while a search is under way; dismissed with "stop", "detach" or "stay"."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('stop')", "Stop and quit", tooltip="End the search and quit"),
        Binding("d", "answer('detach')", "Detach",
                tooltip="Quit, and let the search go on in the background"),
        Binding("n,escape", "answer('stay')", "Search on", tooltip="Leave everything as it is"),
    ]  # fmt: skip

    def __init__(self, question: str):
        buttons = [
            Button("Stop (y)", variant="error", id="yes", name="'stop'"),
            Button("Detach (d)", variant="warning", id="detach", name="'detach'"),
            Button("Search on (n)", variant="primary", id="no", name="'stay'"),
        ]
        super().__init__(question, buttons)

    def action_answer(self, answer: str) -> None:
        """Answer from the keyboard."""
        self.dismiss(answer)
