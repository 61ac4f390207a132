"""The dashboard's keys for its plot: which one, which part of the search, how it is drawn."""

from __future__ import annotations

from textual.binding import Binding
from textual.screen import Screen

from maedet_tui.widgets.plot.kinds import PLOTS
from maedet_tui.widgets.plot.plot import Plot

_OVER = ("", " against iterations")
_PLOTS = Binding.Group("Plot", compact=True)

PLOT_KEYS = [
    *(
        Binding(kind.key, f"plot('{kind.name}')", f"Plot {kind.tab}",
                tooltip=f"Plot {kind.title}{_OVER[not kind.against]}", group=_PLOTS)
        for kind in PLOTS
    ),
    Binding("plus,equals_sign", "plot_zoom(True)", "Zoom in", key_display="+", show=False,
            tooltip="Show half as many iterations, around the cursor or the newest"),
    Binding("minus,underscore", "plot_zoom(False)", "Zoom out", key_display="-", show=False,
            tooltip="Show twice as many iterations"),
    Binding("0", "plot_all", "Whole plot", show=False,
            tooltip="Plot all of the search, without a cursor"),
    Binding("comma", "plot_cursor(-1)", "Cursor left", show=False,
            tooltip="Read the plot off at an earlier iteration"),
    Binding("full_stop", "plot_cursor(1)", "Cursor right", show=False,
            tooltip="Read the plot off at a later iteration"),
    Binding("less_than_sign", "plot_cursor(-10)", "Cursor far left", show=False,
            tooltip="The same, in steps of ten columns"),
    Binding("greater_than_sign", "plot_cursor(10)", "Cursor far right", show=False,
            tooltip="The same, in steps of ten columns"),
    Binding("z", "plot_freeze", "Freeze plot", show=False,
            tooltip="Have the plot stand still, or follow the search again"),
    Binding("y", "plot_stack", "Stack plot", show=False,
            tooltip="Draw the stages on one another, or each as a line of its own"),
]  # fmt: skip


class PlotKeys(Screen[None]):
    """A screen with plots that are steered by PLOT_KEYS, all of them in the same way."""

    @property
    def leading(self) -> Plot:
        """The plot that keys are about: what the others show follows from it."""
        plots = [plot for plot in self.query(Plot) if plot.display]
        for plot in plots:
            if plot is self.maximized or (self.maximized is None and plot is self.focused):
                return plot
        return plots[0] if plots else self.query_one(Plot)

    def _others_like(self, plot: Plot) -> None:
        for other in self.query(Plot):
            if other is not plot:
                other.like(plot)
        self.cursor_moved()

    def cursor_moved(self) -> None:
        """The plots point at another iteration, or at none."""

    def on_plot_moved(self, event: Plot.Moved) -> None:
        """The mouse has chosen another part of the search."""
        self._others_like(event.plot)

    def action_plot_zoom(self, closer: bool) -> None:
        """Closer or wider."""
        (plot := self.leading).zoom(closer)
        self._others_like(plot)

    def action_plot_all(self) -> None:
        """All of the search."""
        (plot := self.leading).follow_all()
        self._others_like(plot)

    def action_plot_cursor(self, columns: int) -> None:
        """Point at another iteration."""
        (plot := self.leading).move_cursor(columns)
        self._others_like(plot)

    def action_plot_freeze(self) -> None:
        """Stand still, or follow."""
        (plot := self.leading).freeze()
        self._others_like(plot)

    def action_plot_stack(self) -> None:
        """Stacks, or lines."""
        (plot := self.leading).stack()
        self._others_like(plot)
