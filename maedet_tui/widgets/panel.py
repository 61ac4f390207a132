"""A bordered box of text that is repainted only when the text is another one."""

from __future__ import annotations

from textwrap import wrap
from typing import Generic, TypeVar

from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

#: (text, style): a style as in Textual's markup, "" for the plain foreground
Part = tuple[str, str]

MUTED = "$foreground-muted"
STRONG = "bold"

Shown = TypeVar("Shown")


class Panel(Static, Generic[Shown]):
    """Subclasses say in `parts` what the text is, given what is shown and the width."""

    TITLE = ""

    def __init__(self, id: str | None = None, classes: str | None = None):
        super().__init__("", id=id, classes=classes, markup=False)
        self.border_title = self.TITLE
        self._shown: Shown | None = None
        self._parts: list[Part] | None = None
        self._rows = -1

    def show(self, shown: Shown) -> None:
        """Show something; costs next to nothing if the text stays the same."""
        self._shown = shown
        self._repaint()

    def parts(self, shown: Shown, width: int) -> list[Part]:
        """The text in styled parts, at most `width` wide where that can be."""
        raise NotImplementedError

    def on_resize(self, _: Resize) -> None:
        self._repaint()

    def _repaint(self) -> None:
        if self._shown is None:
            return
        parts = self.parts(self._shown, self.content_size.width or 34)
        if parts == self._parts:
            return
        self._parts = parts
        rows = sum(text.count("\n") for text, _ in parts)
        # a layout of the whole screen costs more than a repaint, and is rarely needed
        self.update(Content.assemble(*parts), layout=rows != self._rows)
        self._rows = rows


def row(
    label: str, value: str, style: str = "", *, label_width: int = 10, width: int = 0
) -> list[Part]:
    """A label and its value; a value longer than `width` leaves goes on below itself."""
    room = width - label_width - 1
    if width and len(value) > room > 8:
        value = ("\n" + " " * (label_width + 1)).join(wrap(value, room))
    return [(f"{label:<{label_width}} ", MUTED), (f"{value}\n", style)]


def end(parts: list[Part]) -> list[Part]:
    """The parts without the last line break, so that a panel has no empty last line."""
    if parts and parts[-1][0].endswith("\n"):
        parts[-1] = (parts[-1][0][:-1], parts[-1][1])
    return parts
