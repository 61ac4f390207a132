"""The dashboard's keys for its plot: which one, which part of the search, how it is drawn."""

from __future__ import annotations

from textual.binding import Binding
from textual.screen import Screen

from maedet_tui.widgets.plot.kinds import PLOTS
from maedet_tui.widgets.plot.plot import Plot

_PLOTS = Binding.Group("Plots", compact=True)

PLOT_KEYS = [
    *(
        Binding(kind.key, f"plot('{kind.name}')", f"Plot {kind.tab}",
                tooltip=f"Plot {kind.title} against iterations", group=_PLOTS)
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
    """A screen with a `Plot` that is steered by PLOT_KEYS."""

    def action_plot_zoom(self, closer: bool) -> None:
        """Closer or wider."""
        self.query_one(Plot).zoom(closer)

    def action_plot_all(self) -> None:
        """All of the search."""
        self.query_one(Plot).follow_all()

    def action_plot_cursor(self, columns: int) -> None:
        """Point at another iteration."""
        self.query_one(Plot).move_cursor(columns)

    def action_plot_freeze(self) -> None:
        """Stand still, or follow."""
        self.query_one(Plot).freeze()

    def action_plot_stack(self) -> None:
        """Stacks, or lines."""
        self.query_one(Plot).stack()
