"""The last thing before the terminal: no character that it would obey is drawn.

Panels and tables see to that themselves, so that widths are right; whatever else is put on a
screen, out of a database, a file or a name, passes here.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from maedet_tui.formatting import NO_TEXT, one_line


class Printable(LineFilter):
    """Shows a sign in the place of a character that is none, or nothing where that had no width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, those with such characters apart."""
        if all(text.isprintable() or control for text, _, control in segments):
            return segments
        return [_shown(segment) for segment in segments]


def _shown(segment: Segment) -> Segment:
    text, style, control = segment
    if control or text.isprintable():
        return segment
    shown = one_line(text)
    if cell_len(shown) != cell_len(text):
        shown = shown.replace(NO_TEXT, "")
    return Segment(shown, style)
