"""What plots have in common: lines that are drawn anew only where something has changed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from time import thread_time

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from maedet_tui.widgets.plot.grid import Run


class Drawn(Widget):
    """A widget of rows, each of pieces of text with the name of its style: "" for the ground,
    else that of a component class, without its "plot--"."""

    ALLOW_SELECT = False
    _lines: Sequence[Strip] = ()
    _drawn_size: Size | None = None
    #: seconds of a processor that the last drawing took
    took = 0.0

    @abstractmethod
    def rows(self, width: int, height: int) -> Sequence[Sequence[Run]]:
        """What there is to see, at most so large."""

    def drop_lines(self) -> None:
        """Have it drawn anew when it is next shown."""
        self._drawn_size = None

    def notify_style_update(self) -> None:
        """A theme or a state changed: the lines hold colours of the one before."""
        super().notify_style_update()
        self.drop_lines()

    def render_line(self, y: int) -> Strip:
        if self._drawn_size != self.content_size:
            self._draw()
            self._drawn_size = self.content_size
        if y < len(self._lines):
            return self._lines[y]
        return Strip.blank(self.content_size.width, self.rich_style)

    def _draw(self) -> None:
        began = thread_time()
        width, height = self.content_size
        ground = self.rich_style
        styles = {"": ground}
        for name in self.COMPONENT_CLASSES:
            styles[name.removeprefix("plot--")] = self.get_component_rich_style(name)
        self._lines = [
            Strip([Segment(text, styles[key]) for text, key in row]).adjust_cell_length(
                width, ground
            )
            for row in self.rows(width, height)
        ]
        self.took = thread_time() - began
