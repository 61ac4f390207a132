"""A line that leaves of a list what has all the words typed into it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class FilterLine(Horizontal):
    """Out of the way until it is opened; it stays while there are words in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "done", "To the list", show=False, tooltip="To the list, as enter does"),
        Binding("escape", "clear", "Show all", tooltip="Show the whole list again"),
    ]

    class Changed(Message):
        """Other words."""

        def __init__(self, line: FilterLine):
            super().__init__()
            self.line = line

        @property
        def control(self) -> FilterLine:
            """For handlers of one line among several."""
            return self.line

    class Done(Changed):
        """The words stay, and the list has the keys again."""

    def compose(self) -> ComposeResult:
        yield Label("/")
        yield Input(compact=True, select_on_focus=False)

    @property
    def words(self) -> str:
        """What is typed into it."""
        return self.query_one(Input).value.strip()

    def open(self) -> None:
        """Show the line, and take the keys."""
        self.display = True
        # now, not once it is drawn: the next key may be here already
        self.screen.set_focus(self.query_one(Input))

    def clear(self) -> None:
        """Show all again."""
        self.query_one(Input).value = ""
        self.display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_done()

    def action_done(self) -> None:
        """Back to the list."""
        if not self.words:
            self.clear()
        self.post_message(self.Done(self))

    def action_clear(self) -> None:
        """Back to the whole list."""
        self.clear()
        self.post_message(self.Done(self))
