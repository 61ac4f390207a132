"""Help: every key that works on the screen below, taken from its bindings."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static


def described(screen: Screen[object]) -> list[ActiveBinding]:
    """The bindings that are this program's own: each of them has a sentence to explain it."""
    return [
        active
        for active in screen.active_bindings.values()
        if active.binding.tooltip and not active.binding.system
    ]


def help_lines(screen: Screen[object]) -> list[tuple[str, str, str]]:
    """(keys, what they do, in a sentence) of each action of a screen, in order of binding."""
    actions: dict[str, tuple[list[str], str, str]] = {}
    for active in sorted(described(screen), key=lambda active: active.node is screen.app):
        binding = active.binding
        keys, _, _ = actions.setdefault(binding.action, ([], binding.description, binding.tooltip))
        keys.append(screen.app.get_key_display(replace(binding, key_display=None)))
    return [(" ".join(keys), text, more) for keys, text, more in actions.values()]


class Help(ModalScreen[None]):
    """Lists the keys of the screen it was called from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "close", "Close", tooltip="Close the help"),
    ]

    def __init__(self, about: str, lines: list[tuple[str, str, str]]):
        super().__init__()
        self._about, self._lines = about, lines

    def compose(self) -> ComposeResult:
        key_width = max(len(keys) for keys, _, _ in self._lines)
        text_width = max(len(text) for _, text, _ in self._lines)
        rows: list[str | tuple[str, str]] = [f"{self._about}\n\n"]
        for keys, text, more in self._lines:
            rows += [
                (f"{keys:>{key_width}}  ", "bold $primary"),
                (f"{text:<{text_width}}  ", ""),
                (f"{more}\n", "$foreground-muted"),
            ]
        with VerticalScroll(id="help") as box:
            box.border_title = "Help"
            box.border_subtitle = "esc closes"
            yield Static(Content.assemble(*rows), markup=False)

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss(None)
