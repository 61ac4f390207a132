"""The plot of a sweep: one of its views at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from maedet_tui.screens.sweep.follow import Seen
from maedet_tui.screens.sweep.plane import draw
from maedet_tui.screens.sweep.views import VIEWS, Known, View
from maedet_tui.widgets.glyphs import Glyphs


class SweepPlot(Widget):
    """Drawn anew only where something has changed."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--axis",
        "plot--cursor",
        "plot--reference",
        "plot--front",
        "plot--stage-1",
        "plot--stage-2",
        "plot--stage-3",
        "plot--stage-4",
        "plot--stage-5",
    }

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters
        self.view: View = VIEWS[0]
        self._seen: Seen | None = None
        self._marked = 0
        self._known: Sequence[Known] = ()
        self._lines: list[Strip] = []
        self._drawn_size: Size | None = None
        self._title()

    def switch(self, view: View) -> None:
        """Show another view."""
        self.view = view
        self._redraw()

    def show(self, seen: Seen, marked: int, known: Sequence[Known]) -> None:
        """What is to be seen now. marked: number of the search that stands out."""
        if (seen, marked, known) != (self._seen, self._marked, self._known):
            self._seen, self._marked, self._known = seen, marked, known
            self._redraw()

    def notify_style_update(self) -> None:
        """A theme or a state changed: the lines hold colours of the one before."""
        super().notify_style_update()
        self._drawn_size = None

    def render_line(self, y: int) -> Strip:
        if self._drawn_size != self.content_size:
            self._draw()
            self._drawn_size = self.content_size
        if y < len(self._lines):
            return self._lines[y]
        return Strip.blank(self.content_size.width, self.rich_style)

    def _redraw(self) -> None:
        self._drawn_size = None
        self._title()
        self.refresh()

    def _title(self) -> None:
        self.border_title = self.view.title
        self.border_subtitle = "  ".join(
            f"[@click=screen.view('{one.name}')]"
            f"{'[reverse]' if one is self.view else ''} {one.key} {one.tab} "
            f"{'[/]' if one is self.view else ''}[/]"
            for one in VIEWS
        )

    def _draw(self) -> None:
        width, height = self.content_size
        rows = []
        if self._seen is not None:
            plane = self.view.plane(self._seen, self._marked, self._known, self._glyphs)
            rows = draw(plane, width, height, self._glyphs)
        if not rows:
            said = "Nothing to see yet."[:width].center(width)
            rows = [*([[(" " * width, "")]] * (height // 2)), [(said, "axis")]]
        ground = self.rich_style
        styles = {"": ground}
        for name in self.COMPONENT_CLASSES:
            styles[name.removeprefix("plot--")] = self.get_component_rich_style(name)
        self._lines = [
            Strip([Segment(text, styles[key]) for text, key in row]).adjust_cell_length(
                width, ground
            )
            for row in rows
        ]
