"""How the dashboard's panels share the screen: all of them, one tab of them, or just one."""

from __future__ import annotations

from textual.binding import Binding
from textual.events import Resize
from textual.screen import Screen
from textual.widget import Widget

from maedet_tui.widgets.bars import TabBar
from maedet_tui.widgets.panel import Panel
from maedet_tui.widgets.plot.plot import Plot
from maedet_tui.widgets.structure_view import StructureView

#: smaller than this, (width, height), panels are shown one tab at a time
WHOLE = (110, 32)
#: from this width on there is room for two structures side by side
WIDE = 190
#: from this size on, (width, height), there is room for all plots at once
ALL_PLOTS = (160, 44)
#: narrower than this, or lower, nothing is legible any more
LEAST = (24, 7)
TABS = (
    ("search", "Search"),
    ("more", "Findings"),
    ("plots", "Plots"),
    ("structures", "Structures"),
)

PANEL_KEYS = [
    Binding("tab", "panel(1)", "Next panel", show=False,
            tooltip="To the next panel, or the next tab where there are tabs"),
    Binding("shift+tab", "panel(-1)", "Previous panel", show=False,
            tooltip="To the panel or tab before"),
    Binding("f", "fill", "Fill",
            tooltip="Fill the screen with the panel that has the focus; escape goes back"),
]  # fmt: skip


class Arrangement(Screen[None]):
    """A screen of panels that is steered by PANEL_KEYS."""

    ALLOW_IN_MAXIMIZED_VIEW = "Footer, StatusBar"
    _tab = 0

    def on_resize(self, event: Resize) -> None:
        """Another size, another arrangement."""
        self.fit_panels(event.size.width, event.size.height)

    def fit_panels(self, width: int, height: int) -> None:
        """All panels where they fit, else one tab of them."""
        single = width < WHOLE[0] or height < WHOLE[1]
        tiny = width < LEAST[0] or height < LEAST[1]
        self.set_class(tiny, "-tiny")
        self.set_class(single, "-single")
        self.set_class(width >= WIDE, "-wide")
        self.set_class(width < 74, "-narrow")
        all_plots = width >= ALL_PLOTS[0] and height >= ALL_PLOTS[1]
        self.set_class(all_plots, "-all-plots")
        # what is off the screen would be drawn for nobody
        for plot in self.query("#plots Plot"):
            plot.display = all_plots
        if self.maximized is not None and not self.maximized.display:
            self.minimize()
        name = TABS[self._tab][0]
        for tab, _ in TABS:
            self.set_class(single and tab == name, f"-tab-{tab}")
        self.query_one(TabBar).show(name)
        if tiny and self.maximized is not None:
            self.minimize()
        if single and self.maximized is None:
            # arrow keys scroll what is on show; a plot has nothing to scroll
            shown = {"structures": "#structures", "plots": "#plot"}.get(name, "#left")
            found = self.query(shown)
            self.set_focus(found.first() if found else None, scroll_visible=False)

    def keep_whole(self) -> None:
        """Have the panel at the foot of the column, of which a part would be seen, begin below
        it: the column scrolls."""
        room, top = self.query_one("#left").size.height, 0
        for panel in self.query("#left Panel").results(Panel):
            if not panel.display:
                continue
            height, above = panel.outer_size.height, 0
            if not self.has_class("-single") and height <= room:
                above = max(room - top, 0) if top < room < top + height else 0
            if panel.styles.margin.top != above:
                panel.styles.margin = (above, 0, 0, 0)
            top += above + height

    def choose(self, name: str) -> None:
        """Show a tab."""
        self._tab = [tab for tab, _ in TABS].index(name)
        self.fit_panels(self.size.width, self.size.height)

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        """A tab was clicked."""
        self.choose(event.name)

    def action_panel(self, step: int) -> None:
        """The next tab or panel, or the one before."""
        if self.maximized is not None:
            self._fill(_beside(self._with_more(), self.maximized, step))
        elif self.has_class("-single"):
            self.choose(TABS[(self._tab + step) % len(TABS)][0])
        else:
            self.set_focus(_beside(self._panels(), self._focused_panel(), step))

    def action_fill(self) -> None:
        """One panel on the whole screen, or back."""
        if self.maximized is not None:
            self.minimize()
        elif (panel := self.to_fill()) is not None:
            self._fill(panel)

    def to_fill(self) -> Widget | None:
        """What would fill the screen: what has the focus, if it has more to show; if no panel
        has it, the first of the tab that does, or the plot where all are on show."""
        panels, focused = self._with_more(), self._focused_panel()
        if focused is not None:
            return focused if focused in panels else None
        if self.has_class("-all-plots"):
            return None
        group = TABS[self._tab][0] if self.has_class("-single") else "plots"
        inside = {"plots": "#plot", "structures": "#structures"}.get(group, f"#{group} Panel")
        return next((one for one in self.query(inside) if one in panels), None)

    def _fill(self, panel: Widget) -> None:
        self.maximize(panel, container=False)
        self.set_focus(panel, scroll_visible=False)

    def _focused_panel(self) -> Widget | None:
        focused = self.focused
        if isinstance(focused, StructureView):
            focused = self.query_one("#structures")
        return focused if focused in self._panels() else None

    def _panels(self) -> list[Widget]:
        """All that are on show, in the order of the screen."""
        panels = [panel for panel in self.query("#left Panel").results(Panel) if panel.display]
        plots = [plot for plot in self.query(Plot) if plot.display]
        return [*panels, *plots, self.query_one("#structures")]

    def _with_more(self) -> list[Widget]:
        """Those that have more to show where they fill the screen."""
        return [one for one in self._panels() if not isinstance(one, Panel) or one.GAINS_DETAIL]


def _beside(panels: list[Widget], panel: Widget | None, step: int) -> Widget:
    """The one `step` places on from a panel; from none, the first or the last."""
    at = panels.index(panel) if panel in panels else (-1 if step > 0 else 0)
    return panels[(at + step) % len(panels)]
