"""One of the plots of a search, to zoom, to follow or freeze, and to read off at a cursor."""

from __future__ import annotations

import time
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message

from engine.costs import Cost
from engine.snapshot import Snapshot
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.plot.canvas import Chart, draw, frame
from maedet_tui.widgets.plot.drawn import Drawn
from maedet_tui.widgets.plot.grid import Run
from maedet_tui.widgets.plot.kinds import PLOTS, PlotKind, chart_of
from maedet_tui.widgets.plot.scatter import Cloud, draw_cloud
from maedet_tui.widgets.plot.window import WHOLE, Window

#: seconds between two redraws: a plot moves slowly, and drawing takes time from the search
REDRAW_EVERY = 0.5
#: the same of plots that are one among several
CALM_EVERY = 1.0
#: the most of a processor that each of these takes: six are drawn in about a hundredth of it
CALM_SHARE = 0.002
#: how much closer a plot gets with each zoom
ZOOM = 2.0


class Plot(Drawn):
    """One plot at a time, redrawn at most every REDRAW_EVERY seconds.

    One of `alone` False stands among others, each of another kind: its title is its key and a
    word, and it is redrawn less often.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "screen.plot_cursor(-1)", show=False),
        Binding("right", "screen.plot_cursor(1)", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--axis",
        "plot--switch",
        "plot--cursor",
        "plot--reference",
        "plot--z",
        "plot--band",
        "plot--young",
        "plot--middle",
        "plot--old",
        "plot--stage-1",
        "plot--stage-2",
        "plot--stage-3",
        "plot--stage-4",
        "plot--stage-5",
    }

    def __init__(
        self,
        characters: Glyphs,
        id: str | None = None,
        kind: PlotKind = PLOTS[0],
        alone: bool = True,
        stacked: bool = False,
    ):
        super().__init__(id=id)
        self._glyphs = characters
        self._kind, self._alone = kind, alone
        self._snapshot: Snapshot | None = None
        self._frozen: Snapshot | None = None
        self._window = WHOLE
        self._cursor: float | None = None
        self._stacked = stacked
        self._reference: tuple[str, float] | None = None
        self._reference_cost: Cost | None = None
        self._drawn_at = 0.0
        self._stale = False
        self._title()

    class Moved(Message):
        """The mouse has chosen another part of the search, or a place in it."""

        def __init__(self, plot: Plot):
            super().__init__()
            self.plot = plot

    @property
    def kind(self) -> PlotKind:
        """The plot on show."""
        return self._kind

    # --- what is shown ----------------------------------------------------------

    def switch(self, kind: PlotKind) -> None:
        """Show another plot, of the same part of the search, at once."""
        self._kind = kind
        self._redraw()

    def compare(self, label: str, z: float, cost: Cost) -> None:
        """Mark a known structure in the plots of Z."""
        self._reference = (label, z)
        self._reference_cost = cost
        self._redraw()

    def show(self, snapshot: Snapshot) -> None:
        """Take the newest snapshot; it appears with one of the next redraws, unless frozen."""
        self._snapshot = snapshot
        self._stale = self._frozen is None
        self.tick()

    def tick(self) -> None:
        """Redraw if there is something new and the last redraw is long enough ago."""
        ended = self._snapshot is not None and self._snapshot.ended
        calm = max(CALM_EVERY, self.took / CALM_SHARE)
        every = REDRAW_EVERY if self._alone else calm
        if self._stale and (ended or time.monotonic() - self._drawn_at >= every):
            self._redraw()

    def like(self, other: Plot) -> None:
        """Show the same part of the search in the same manner, with the same cursor."""
        self._window, self._cursor, self._frozen = other._window, other._cursor, other._frozen
        self._stacked = other._stacked
        self._redraw()

    @property
    def stacked(self) -> bool:
        """Whether stages stand on one another."""
        return self._stacked

    @property
    def cursor(self) -> float | None:
        """The iteration that is pointed at, if one is."""
        return self._cursor

    # --- which part of it -------------------------------------------------------

    def zoom(self, closer: bool, around: float | None = None) -> None:
        """Closer or wider, around an iteration, else the cursor, else the newest."""
        if (shown := self._shown) is None:
            return
        around = self._cursor if around is None else around
        factor = ZOOM if closer else 1 / ZOOM
        self._window = self._window.zoomed(factor, around, shown.iteration, shown.iterations)
        self._redraw()

    def follow_all(self) -> None:
        """All of the search, as it grows, without a cursor."""
        self._window, self._cursor, self._frozen = WHOLE, None, None
        self._redraw()

    def freeze(self) -> None:
        """Stand still; or, if it does so or shows an earlier part, follow the newest again."""
        if self._frozen is not None or self._window.right is not None:
            self._frozen, self._window = None, Window(self._window.span)
        elif (shown := self._shown) is not None:
            self._frozen = shown
            self._window = self._window.held(shown.iteration, shown.iterations)
        self._redraw()

    def stack(self) -> None:
        """Stages on one another, or each a line from the foot."""
        self._stacked = not self._stacked
        self._redraw()

    def move_cursor(self, columns: int) -> None:
        """Point at an earlier or later iteration, whose values the legend then gives."""
        if (shown := self._shown) is None or (chart := self._chart()) is None:
            return
        layout = frame(chart, *self.content_size, self._glyphs)
        if layout.fits:
            step = (chart.x_end - chart.x_start) / layout.columns
            at = self._cursor if self._cursor is not None else min(shown.iteration, chart.x_end)
            self._cursor = min(max(at + columns * step, 0.0), float(shown.iteration))
            self._window = self._window.moved(self._cursor, shown.iteration, shown.iterations)
            self._redraw()

    def on_click(self, event: Click) -> None:
        """Point at what was clicked."""
        at = self._iteration_at(event)
        if at is not None and self._shown is not None:
            self._cursor = min(at, float(self._shown.iteration))
            self._redraw()
            self.post_message(self.Moved(self))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Closer, around the pointer."""
        event.stop()
        self.zoom(True, self._iteration_at(event))
        self.post_message(self.Moved(self))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Wider, around the pointer."""
        event.stop()
        self.zoom(False, self._iteration_at(event))
        self.post_message(self.Moved(self))

    def _iteration_at(self, event: Click | MouseScrollUp | MouseScrollDown) -> float | None:
        place, chart = event.get_content_offset(self), self._chart()
        if place is None or chart is None:
            return None
        layout = frame(chart, *self.content_size, self._glyphs)
        column = place.x - layout.left - 1
        if not layout.fits or not 0 <= column < layout.columns:
            return None
        return chart.x_start + (column + 0.5) / layout.columns * (chart.x_end - chart.x_start)

    # --- drawing ----------------------------------------------------------------

    @property
    def _shown(self) -> Snapshot | None:
        return self._frozen or self._snapshot

    def _redraw(self) -> None:
        self._stale = False
        self.drop_lines()
        self._drawn_at = time.monotonic()
        self._title()
        self.refresh()

    def _title(self) -> None:
        shown, window = self._shown, self._window
        facts = [f"{'Best so far: ' if self._kind.of_best else ''}{self._kind.title}"]
        if not self._alone and not self.is_maximized:
            kind = self._kind
            facts = [f"{kind.key} {kind.title if kind.against else kind.tab}"]
        if window.span is not None and shown is not None and not self._kind.against:
            start, end = window.bounds(shown.iteration, shown.iterations)
            facts.append(f"{start:,.0f} to {end:,.0f}")
        if self._frozen is not None:
            facts.append("frozen")
        title = ", ".join(facts)
        if title != self.border_title:
            self.border_title = title
        tabs = " ".join(
            f"[@click=screen.plot('{kind.name}')]"
            f"{'[reverse]' if kind is self._kind else ''}{kind.key} {kind.tab}"
            f"{'[/]' if kind is self._kind else ''}[/]"
            for kind in PLOTS
            if self._alone
        )
        if self._tabs != tabs:
            self._tabs = self.border_subtitle = tabs

    #: what the subtitle was made of, so that it is not made anew with each redraw
    _tabs = ""

    def _chart(self) -> Chart | None:
        shown = self._shown
        if shown is None or not shown.history or self._kind.against:
            return None
        return chart_of(
            self._kind,
            shown,
            self._glyphs.markers,
            self._reference,
            window=self._window,
            cursor=self._cursor,
            stacked=self._stacked,
            most=max(2 * self.content_size.width, 20),
        )

    def _cloud(self, width: int, height: int) -> list[list[Run]]:
        """The population as points, or a word on why there is nothing to see."""
        shown, against = self._shown, self._kind.against
        members = shown.members if shown is not None else ()
        reference = None
        if self._reference is not None and self._reference_cost is not None:
            reference = float(getattr(self._reference_cost, against)), self._reference[1]
        rows = draw_cloud(Cloud(members, against, reference), width, height, self._glyphs)
        said = "Too small for a plot." if members else "No population is known of this search."
        return rows or [[("", "")]] * (height // 2) + [[(said[:width].center(width), "axis")]]

    def rows(self, width: int, height: int) -> list[list[Run]]:
        chart = self._chart()
        if self._kind.against:
            rows = self._cloud(width, height)
        elif chart is None or not chart.series:
            message = self._why_nothing(chart)
            rows = [[("", "")]] * (height // 2) + [[(message[:width].center(width), "axis")]]
        else:
            rows = draw(chart, width, height, self._glyphs)
            rows = rows or [[("Too small for a plot."[:width], "axis")]]
        return rows

    def _why_nothing(self, chart: Chart | None) -> str:
        """What is said where there are no curves yet, or never will be."""
        if chart is None:
            return "The curves begin with the first scored structure."
        shown = self._shown
        if not self._kind.decades or shown is None:
            return "This was not recorded of this search."
        if shown.bound is None or shown.ended:
            return "No bound on the best possible is known of this search."
        return "The bound on the best possible is being computed."

    def on_resize(self) -> None:
        """One among several has another title where it fills the screen."""
        self._title()
