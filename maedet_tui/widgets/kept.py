"""Widgets whose lines are kept until something about them changes.

Of a screen where a few lines are new, Textual asks every widget for its part of the
rectangle around them, containers too. Working out the colours and borders of a widget
that is as it was takes as long as drawing one that is not, and a search computes while
it is watched.
"""

from __future__ import annotations

from typing import Any

from textual.containers import Container, Vertical, VerticalScroll
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

#: rectangles of one widget that are kept; more are asked for while things move
MOST = 16


class Kept(Widget):
    """Draws itself anew when it has been refreshed, or has another style or size."""

    def __init__(self, *arguments: Any, **named: Any):
        self._kept: dict[tuple[Region, Size, str], list[Strip]] = {}
        super().__init__(*arguments, **named)

    def refresh(self, *regions: Region, **how: bool) -> Any:
        self._kept.clear()
        return super().refresh(*regions, **how)

    def notify_style_update(self) -> None:
        self._kept.clear()
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        key = (crop, self.outer_size, self.app.theme)
        strips = self._kept.get(key)
        if strips is None:
            if len(self._kept) >= MOST:
                self._kept.clear()
            strips = self._kept[key] = super().render_lines(crop)
        return strips


# the container comes first: Textual takes the first base's name for CSS


class KeptContainer(Container, Kept):
    """A container that is drawn once."""


class KeptVertical(Vertical, Kept):
    """A column that is drawn once."""


class KeptVerticalScroll(VerticalScroll, Kept):
    """A column that scrolls, drawn once."""
