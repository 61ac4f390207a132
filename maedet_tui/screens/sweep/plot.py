"""The plot of a sweep: one of its views at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from maedet_tui.screens.sweep.plane import draw
from maedet_tui.screens.sweep.views import VIEWS, Known, View
from maedet_tui.sweep.follow import Seen
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.plot.drawn import Drawn
from maedet_tui.widgets.plot.grid import Run


class SweepPlot(Drawn):
    """Drawn anew only where something has changed."""

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

    def _redraw(self) -> None:
        self.drop_lines()
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

    def rows(self, width: int, height: int) -> list[list[Run]]:
        rows: list[list[Run]] = []
        if self._seen is not None:
            plane = self.view.plane(self._seen, self._marked, self._known, self._glyphs)
            rows = draw(plane, width, height, self._glyphs)
        if not rows:
            said = "Nothing to see yet."[:width].center(width)
            rows = [*([[(" " * width, "")]] * (height // 2)), [(said, "axis")]]
        return rows
