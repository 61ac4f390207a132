"""The dashboard: one search, looked at eight times a second."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Footer

from engine.scorers.base import Score
from engine.snapshot import Snapshot
from engine.zoo import ZOO
from maedet_tui.run import SaveError, SearchRun
from maedet_tui.screens.confirm import Confirm
from maedet_tui.widgets.bars import Status, StatusBar, TabBar
from maedet_tui.widgets.finding_panels import (
    AuditPanel,
    BestsPanel,
    Ending,
    NoticesPanel,
    RankingPanel,
    SummaryPanel,
)
from maedet_tui.widgets.glyphs import Glyphs, PlainScrollBar
from maedet_tui.widgets.plot import PLOTS, Plot
from maedet_tui.widgets.reference_view import ReferenceView
from maedet_tui.widgets.search_panels import BudgetPanel, PopulationPanel, Progress, SearchPanel
from maedet_tui.widgets.structure_view import StructureView, View

#: seconds between two looks at the run
POLL_EVERY = 1 / 8
#: looks from one update of the slower panels to the next
SLOW = 3
#: smaller than this, (width, height), panels are shown one at a time
WHOLE = (110, 32)
#: from this width on there is room for two structures side by side
WIDE = 190
TABS = (("search", "Search"), ("plots", "Plots"), ("structures", "Structures"))

_PLOT_GROUP = Binding.Group("Plots", compact=True)


class Dashboard(Screen[None]):
    """Shows a run and steers it; all it knows comes from `run.snapshot`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,p", "pause", "Pause", key_display="space",
                tooltip="Pause the search, or go on with a paused one"),
        Binding("s", "save", "Save", tooltip="Write the best structure so far to the run's folder"),
        Binding("S", "save_as", "Save as", key_display="S", show=False,
                tooltip="Save the best structure so far under a name, in any format"),
        Binding("v", "view", "View", show=False,
                tooltip="Look at the best structure: tower, costs, entropies, the population"),
        Binding("x", "stop", "Stop",
                tooltip="End the search for good; asks first, keeps and saves the best"),
        *(
            Binding(kind.key, f"plot('{kind.name}')", f"Plot {kind.tab}",
                    tooltip=f"Plot the {kind.title} against iterations", group=_PLOT_GROUP)
            for kind in PLOTS
        ),
        Binding("tab", "panel(1)", "Next panel",
                tooltip="Where panels are shown one at a time: show the next one", show=False),
        Binding("shift+tab", "panel(-1)", "Previous panel",
                tooltip="Where panels are shown one at a time: show the one before", show=False),
        Binding("f", "single", "Panels",
                tooltip="Fill the screen with one panel, or show all that fit"),
        Binding("n", "home", "Home", show=False,
                tooltip="To presets and runs, when the search has ended or runs elsewhere"),
    ]  # fmt: skip

    def __init__(self, run: SearchRun, characters: Glyphs):
        super().__init__()
        self.run = run
        self._glyphs = characters
        self._shown: Snapshot | None = None
        self._wish: str | None = None
        self._looks = 0
        self._stale = False
        self._single = False
        self._tab = 0
        self._reference: tuple[str, Score] | None = None

    # --- layout -----------------------------------------------------------------

    def compose(self) -> ComposeResult:
        glyphs, preset = self._glyphs, self.run.preset
        yield StatusBar(glyphs, id="status")
        yield TabBar(TABS, id="tabs")
        yield SummaryPanel(glyphs, id="summary")
        with Container(id="panels"):
            with VerticalScroll(id="search"):
                yield SearchPanel(glyphs, id="progress")
                yield PopulationPanel(glyphs, id="population")
                yield BudgetPanel(glyphs, id="budget")
                yield AuditPanel(glyphs, id="audit")
                yield RankingPanel(glyphs, id="ranking")
                yield NoticesPanel(id="notices")
                yield BestsPanel(id="bests")
            with Vertical(id="right"):
                yield Plot(glyphs, id="plot")
                with VerticalScroll(id="structures"):
                    yield StructureView(id="best")
                    if (entry := ZOO.get(preset.reference or "")) is not None:
                        yield ReferenceView(entry, preset, id="reference")
        yield Footer()

    def on_mount(self) -> None:
        best = self.query_one("#best", StructureView)
        best.border_title = "Best structure"
        best.border_subtitle = "none yet"
        if not self._glyphs.braille:
            for box in self.query(VerticalScroll):
                box.vertical_scrollbar.renderer = PlainScrollBar
                box.horizontal_scrollbar.renderer = PlainScrollBar
        self.query_one(TabBar).show(TABS[0][0])
        self._title_plot()
        self.poll()
        self.set_interval(POLL_EVERY, self.poll)

    def on_resize(self, event: Resize) -> None:
        self._arrange(event.size.width, event.size.height)

    def _arrange(self, width: int, height: int) -> None:
        """All panels where they fit, else one at a time."""
        single = self._single or width < WHOLE[0] or height < WHOLE[1]
        self.set_class(single, "-single")
        self.set_class(width >= WIDE, "-wide")
        self.set_class(width < 74, "-narrow")
        for name, _ in TABS:
            self.set_class(single and TABS[self._tab][0] == name, f"-tab-{name}")
        self.query_one(TabBar).show(TABS[self._tab][0])
        self._show_status()
        if single:
            # arrow keys scroll what is on show; a plot has nothing to scroll
            shown = self.query(f"#{TABS[self._tab][0]}")
            self.set_focus(shown.first() if shown else None, scroll_visible=False)

    # --- what is shown ----------------------------------------------------------

    def poll(self) -> None:
        """Look at the run; show what is new, and the slower panels at every third look."""
        self._looks += 1
        snapshot = self.run.snapshot
        changed = self._shown is None or self._shown.state != snapshot.state
        if snapshot is not self._shown:
            self._shown = snapshot
            self._stale = True
            if changed:
                self._wish = None
            self._show_status()
            self.query_one(SearchPanel).show(Progress(self.run.preset, snapshot))
            self.query_one(Plot).show(snapshot)
        else:
            self.query_one(Plot).tick()
        if self._stale and (changed or snapshot.ended or self._looks % SLOW == 0):
            self._stale = False
            self._show_slow(snapshot)
        if changed:
            self._show_end(snapshot)
            self.refresh_bindings()

    def _show_slow(self, snapshot: Snapshot) -> None:
        """What nobody reads eight times a second."""
        progress = Progress(self.run.preset, snapshot)
        self.query_one(PopulationPanel).show(progress)
        self.query_one(BudgetPanel).show(progress)
        self._show_best(snapshot)
        self._show_findings(snapshot)

    def _show_status(self) -> None:
        if self._shown is not None:
            brief = not self.has_class("-single")
            status = Status(self.run.preset.name, self._shown, self._wish, brief)
            self.query_one(StatusBar).show(status)

    def _show_best(self, snapshot: Snapshot) -> None:
        best = snapshot.best
        view = self.query_one("#best", StructureView)
        if best is not None:
            preset, score = self.run.preset, best.score
            view.border_subtitle = (
                f"iteration {snapshot.best_iteration:,}  [@click=screen.view] v View [/]"
                " [@click=screen.save_as] S Save as [/] [@click=app.browse] b Browse [/]"
            )
            known = score.entropies if score.is_entropy else None
            view.show(View(preset, best.structure, score.z, known))

    def on_reference_view_scored(self, event: ReferenceView.Scored) -> None:
        """The paper's structure has a Z now, which plot and summary can compare with."""
        self._reference = (f"the paper's {event.entry.title}", event.score)
        self.query_one(Plot).compare("paper", event.score.z)
        if self._shown is not None:
            self._show_end(self._shown)

    def _show_findings(self, snapshot: Snapshot) -> None:
        for selector, found in (
            ("#audit", snapshot.audit),
            ("#ranking", snapshot.recheck),
            ("#notices", snapshot.notices),
            ("#bests", snapshot.bests),
        ):
            panel = self.query_one(selector)
            panel.display = bool(found)
            if found:
                panel.show(found)

    def _show_end(self, snapshot: Snapshot) -> None:
        box = self.query_one(SummaryPanel)
        box.display = snapshot.ended
        box.set_class(snapshot.state == "failed", "-failed")
        if not snapshot.ended:
            return
        known, best = None, snapshot.best
        # a Z out of forward passes is not compared with a closed form
        if self._reference and best and best.score.method == self._reference[1].method:
            known = (self._reference[0], self._reference[1].z)
        box.show(Ending(snapshot, self.run.run_dir, known))

    def _title_plot(self) -> None:
        plot = self.query_one(Plot)
        plot.border_title = f"Best so far: {plot.kind.title}"
        plot.border_subtitle = "  ".join(
            f"[@click=screen.plot('{kind.name}')]"
            f"{'[reverse]' if kind is plot.kind else ''} {kind.key} {kind.tab} "
            f"{'[/]' if kind is plot.kind else ''}[/]"
            for kind in PLOTS
        )

    # --- what keys do -----------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what makes no sense now."""
        ended = self._shown is not None and self._shown.ended
        if action in ("pause", "stop") and ended:
            return None
        if action == "home" and not self.app.can_go_home:
            return None
        # with all panels on show, Tab moves the focus from one to the next as everywhere
        return action != "panel" or self.has_class("-single")

    def _wished(self, wish: str) -> None:
        """Say what was asked for before the engine gets round to it."""
        self._wish = wish
        self._show_status()

    def action_pause(self) -> None:
        """Pause, or go on."""
        state = self.run.snapshot.state
        if self._wish == "pausing" or (state == "paused" and self._wish != "going on"):
            self.run.resume()
            self._wished("going on")
        else:
            self.run.pause()
            self._wished("pausing")

    def action_save(self) -> None:
        """Write the best so far, and say where."""
        try:
            path = self.run.save()
        except SaveError as error:
            self.notify(str(error), title="Not saved", severity="error", timeout=10, markup=False)
        else:
            self.notify(str(path), title="Saved the best structure", markup=False)

    def action_save_as(self) -> None:
        """Ask for name, folder and format of the best."""
        from maedet_tui.screens.save_as import SaveAs
        from maedet_tui.structures.items import best_item

        best = best_item(self.run.snapshot, self.run.preset, self.run.run_dir)
        if best is None:
            self.notify("There is no best structure to save yet.", markup=False)
        else:
            self.app.push_screen(SaveAs(best))

    def action_view(self) -> None:
        """The best structure on a screen of its own."""
        from maedet_tui.screens.structure import StructureScreen

        self.app.push_screen(StructureScreen(self._glyphs, run=self.run))

    def action_stop(self) -> None:
        """Stop for good, if the user means it."""

        def stop(yes: bool | None) -> None:
            if yes and not self.run.snapshot.ended:
                self.run.stop()
                self._wished("stopping")

        question = "Stop this search for good?\nThe best structure so far is kept and saved."
        self.app.push_screen(Confirm(question, "Stop", "Search on"), stop)

    def action_plot(self, name: str) -> None:
        """Show one of the plots, and the panel of plots where panels are tabs."""
        self.query_one(Plot).switch(next(kind for kind in PLOTS if kind.name == name))
        self._title_plot()
        self._choose("plots")

    def action_panel(self, step: int) -> None:
        """Show the next panel, or the one before."""
        self._choose(TABS[(self._tab + step) % len(TABS)][0])

    def action_single(self) -> None:
        """One panel on the whole screen, or all that fit."""
        self._single = not self._single
        self._arrange(self.size.width, self.size.height)

    def action_home(self) -> None:
        """To the presets and runs."""
        self.app.go_home()

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        self._choose(event.name)

    def _choose(self, name: str) -> None:
        self._tab = [tab for tab, _ in TABS].index(name)
        self._arrange(self.size.width, self.size.height)
