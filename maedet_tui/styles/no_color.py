"""NO_COLOR (https://no-color.org): the screens without any colour, told apart by other means.

What has only a colour to be seen by is underlined or reversed then; `app.tcss` does so
under `:nocolor`.
"""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter


@lru_cache(1024)
def _plain(style: Style) -> Style:
    return style.without_color


class Uncoloured(LineFilter):
    """Takes every colour away, and leaves bold, underlined and reversed as they are."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in the terminal's own two colours."""
        return [
            Segment(text, style and _plain(style), control) for text, style, control in segments
        ]
