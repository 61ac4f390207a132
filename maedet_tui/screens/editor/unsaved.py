"""Asks what to do about changes that are not saved."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Button

from maedet_tui.screens.confirm import Question


class Unsaved(Question[str]):
    """Dismissed with "save", "discard" or "edit"."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "answer('save')", "Save", tooltip="Save the changes, then leave"),
        Binding("d", "answer('discard')", "Discard", tooltip="Leave, and lose the changes"),
        Binding("n,escape", "answer('edit')", "Edit on", tooltip="Stay in the editor"),
    ]

    def __init__(self, name: str):
        buttons = [
            Button("Discard (d)", variant="error", id="discard", name="'discard'"),
            Button("Save (s)", variant="success", id="save", name="'save'"),
            Button("Edit on (n)", variant="primary", id="no", name="'edit'"),
        ]
        super().__init__(f"The changes to {name} are not saved.", buttons)

    def action_answer(self, answer: str) -> None:
        """Answer from the keyboard."""
        self.dismiss(answer)
