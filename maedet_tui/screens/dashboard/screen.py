"""The dashboard: one search, looked at a dozen times a second."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from engine.costs import total_cost
from engine.published import KNOWN
from engine.scorers.base import Score
from engine.snapshot import Snapshot
from engine.zoo import ZooEntry
from maedet_tui.machine.load import Load, LoadMeter, processors
from maedet_tui.presets import advice
from maedet_tui.runs.run import SearchRun
from maedet_tui.screens import messages
from maedet_tui.screens.dashboard.arrangement import PANEL_KEYS, TABS, Arrangement
from maedet_tui.screens.dashboard.best_table import TABLE_KEYS, BestTable
from maedet_tui.screens.dashboard.course_panels import LineagePanel, WorksPanel
from maedet_tui.screens.dashboard.ending import Ending, Reference, SummaryPanel
from maedet_tui.screens.dashboard.finding_panels import (
    AuditPanel,
    BestsPanel,
    NoticesPanel,
    RankingPanel,
)
from maedet_tui.screens.dashboard.load_panel import LoadPanel
from maedet_tui.screens.dashboard.plot_keys import PLOT_KEYS
from maedet_tui.screens.dashboard.population_panel import PopulationPanel
from maedet_tui.screens.dashboard.reference_view import SETTLED, ReferenceView
from maedet_tui.screens.dashboard.run_keys import RUN_KEYS, RunKeys
from maedet_tui.widgets.bars import Status, StatusBar, TabBar
from maedet_tui.widgets.curve import BestLine, Course, CurvePanel
from maedet_tui.widgets.footer import Footer
from maedet_tui.widgets.glyphs import Glyphs, plain_scroll_bars
from maedet_tui.widgets.kept import KeptContainer, KeptVertical, KeptVerticalScroll
from maedet_tui.widgets.panel import Panel
from maedet_tui.widgets.plot.kinds import PLOTS, TOGETHER, kind_of
from maedet_tui.widgets.plot.plot import Plot
from maedet_tui.widgets.search_panels import BudgetPanel, Progress, SearchPanel, StagesPanel
from maedet_tui.widgets.structure_view import StructureView

#: seconds between two looks at the run
POLL_EVERY = 1 / 12
#: looks from one update of the slower panels to the next, and from one at the machine's load
SLOW, LOAD = 4, 12

Found = TypeVar("Found")


class Structures(KeptVerticalScroll):
    """The best structure and what it is compared with; can fill the screen."""

    ALLOW_MAXIMIZE = True


#: sentences on the best that an ending has room for
MOST_ADVICE = 2


class Dashboard(RunKeys, BestTable, Arrangement):
    """Shows a run and steers it; all it knows comes from `run.snapshot`."""

    CSS_PATH = "dashboard.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *RUN_KEYS,
        *PLOT_KEYS,
        *TABLE_KEYS,
        Binding("w", "finding('works')", "What works", show=False,
                tooltip="What became of children, by mutation and stage"),
        Binding("l", "finding('lineage')", "Lineage", show=False,
                tooltip="The mutations that made the best, back to the initial structure"),
        *PANEL_KEYS,
        Binding("c", "put_away", "Close summary", show=False,
                tooltip="Put away how the search ended"),
        Binding("h,n,escape", "home", "Home", key_display="h", show=False,
                tooltip="To presets and runs; a search goes on meanwhile"),
    ]  # fmt: skip

    def __init__(self, run: SearchRun, characters: Glyphs, plot: str = "", stacked: bool = False):
        """plot, stacked: the plot to begin with, by its name, and how stages are drawn."""
        super().__init__()
        self._plot = next((kind for kind in PLOTS if kind.name == plot), PLOTS[0])
        self._stacked = stacked
        self.run = run
        self._glyphs = characters
        self._shown: Snapshot | None = None
        self._looks = 0
        self._stale = False
        self._meter: tuple[int, LoadMeter] | None = None
        self._reference: tuple[ZooEntry, Score] | None = None
        self._put_away = False

    # --- layout -----------------------------------------------------------------

    def compose(self) -> ComposeResult:
        glyphs, preset = self._glyphs, self.run.preset
        yield StatusBar(glyphs, id="status")
        yield TabBar(TABS, id="tabs")
        yield Static("This terminal is too small; 80x24 shows everything.", id="tiny")
        yield SummaryPanel(glyphs, id="summary")
        yield BestLine(id="best-line")
        with KeptContainer(id="panels"):
            with KeptVerticalScroll(id="left"):
                with KeptContainer(id="search"):
                    with KeptVertical():
                        # in a small terminal what comes first is seen without scrolling
                        yield SearchPanel(glyphs, id="progress")
                        yield NoticesPanel(id="notices")
                        yield CurvePanel(glyphs, id="curve")
                        yield BudgetPanel(glyphs, id="budget")
                    with KeptVertical():
                        yield PopulationPanel(glyphs, id="population")
                        yield AuditPanel(glyphs, id="audit")
                with KeptContainer(id="more"):
                    with KeptVertical():
                        yield RankingPanel(glyphs, id="ranking")
                        yield StagesPanel(glyphs, id="stages")
                        yield LoadPanel(glyphs, id="load")
                    with KeptVertical():
                        yield BestsPanel(id="bests")
                        yield WorksPanel(glyphs, id="works")
                        yield LineagePanel(glyphs, id="lineage")
            with KeptVertical(id="right"):
                yield Plot(glyphs, "plot", self._plot, stacked=self._stacked)
                with KeptContainer(id="plots"):
                    for name in TOGETHER:
                        yield Plot(glyphs, f"plot-{name}", kind_of(name), False, self._stacked)
                with Structures(id="structures"):
                    yield StructureView(id="best")
                    if (entry := KNOWN.get(preset.reference or "")) is not None:
                        yield ReferenceView(entry, preset, id="reference")
        yield Footer()

    def on_mount(self) -> None:
        best = self.query_one("#best", StructureView)
        best.border_title = "Best structure"
        best.border_subtitle = "none yet"
        for panel in self.query("#panels Panel, Plot"):
            panel.can_focus = True
        if not self._glyphs.braille:
            plain_scroll_bars(self)
        self.query_one(TabBar).show(TABS[0][0])
        self.poll()
        self.set_interval(POLL_EVERY, self.poll)

    def fit_panels(self, width: int, height: int) -> None:
        super().fit_panels(width, height)
        self._show_status()
        self._stale = True  # there may be room for what was not shown before

    # --- what is shown ----------------------------------------------------------

    def poll(self) -> None:
        """Look at the run; show what is new, and the slower panels at every few looks."""
        self._looks += 1
        snapshot = self.run.snapshot
        changed = self._shown is None or self._shown.state != snapshot.state
        new = snapshot is not self._shown
        if new:
            self._shown = snapshot
            self._stale = True
            if changed:
                self.wish = None
            self._show_status()
            self.query_one(SearchPanel).show(Progress(self.run.preset, snapshot))
            for plot in self.query(Plot):
                plot.show(snapshot)
        else:
            for plot in self.query(Plot):
                plot.tick()
        self._stale = self._stale or self.changes.over(monotonic())
        if self._stale and (changed or snapshot.ended or self._looks % SLOW == 0):
            self._stale = False
            self._show_slow(snapshot)
        self.keep_whole()
        if changed or self._looks % LOAD == 1:
            self._show_load()
        if changed or (new and snapshot.ended):  # audits may come after the end
            self._show_end(snapshot)
        if changed:
            self.refresh_bindings()

    def _show_slow(self, snapshot: Snapshot) -> None:
        """What nobody reads a dozen times a second."""
        progress = Progress(self.run.preset, snapshot)
        self.query_one(PopulationPanel).show(progress)
        self.query_one(BudgetPanel).show(progress)
        self.query_one(StagesPanel).show(progress)
        if self.has_class("-single"):
            points = [(float(point.iteration), point.z) for point in snapshot.history]
            self.query_one(CurvePanel).show(Course(points, snapshot.iteration))
            if snapshot.best is not None:
                self.query_one(BestLine).show(snapshot.best)
        self.show_best(snapshot)
        self._show_findings(snapshot)
        self._show_course(snapshot)

    def _show_load(self) -> None:
        """What the process that searches, if there is one on this machine, makes of it."""
        pid, panel = self.run.pid, self.query_one(LoadPanel)
        panel.display = pid is not None
        if pid is not None:
            if self._meter is None or self._meter[0] != pid:
                self._meter = (pid, LoadMeter(pid, self.run.preset.workers is not None))
            look = self._meter[1].look
            if self._looks > 1:
                panel.show(look())
            else:  # what looks takes a moment to import, and the first paint would wait
                panel.show(Load(None, processors(), None, None))
                self.set_timer(SETTLED, lambda: panel.show(look()))

    def show_wish(self) -> None:
        self._show_status()

    def _show_status(self) -> None:
        if self._shown is not None:
            brief = not self.has_class("-single")
            status = Status(self.run.preset.name, self._shown, self.wish, brief)
            self.query_one(StatusBar).show(status)

    def _show_course(self, snapshot: Snapshot) -> None:
        """What works, and the lineage, where they are on show."""
        works, lineage = self.query_one(WorksPanel), self.query_one(LineagePanel)
        works.set_class(bool(snapshot.tally), "-known")
        if works.display:
            works.show(Progress(self.run.preset, snapshot))
        if lineage.display:
            lineage.show(snapshot.lineage)

    def on_reference_view_scored(self, event: ReferenceView.Scored) -> None:
        """The paper's structure has a Z now, which plot and summary can compare with."""
        self._reference = event.entry, event.score
        cost = total_cost(event.entry.structure, self.run.preset.budget.image_size)
        for plot in self.query(Plot):
            plot.compare("paper", event.score.z, cost)
        if self._shown is not None:
            self._show_end(self._shown)

    def _show_findings(self, snapshot: Snapshot) -> None:
        def show(panel: Panel[Found], found: Found | None) -> None:
            panel.display = bool(found)
            if found:
                panel.show(found)

        show(self.query_one(AuditPanel), snapshot.audit)
        show(self.query_one(RankingPanel), snapshot.recheck)
        show(self.query_one(NoticesPanel), snapshot.notices)
        show(self.query_one(BestsPanel), snapshot.bests)

    def _show_end(self, snapshot: Snapshot) -> None:
        box = self.query_one(SummaryPanel)
        box.display = snapshot.ended and not self._put_away
        box.set_class(snapshot.state == "failed", "-failed")
        if not snapshot.ended:
            return
        known, best = None, snapshot.best
        # a Z out of forward passes is not compared with a closed form
        if self._reference and best and best.score.method == self._reference[1].method:
            entry, score = self._reference
            flops = total_cost(entry.structure, self.run.preset.budget.image_size).flops
            known = Reference(f"{entry.whose} {entry.title}", score.z, flops)
        gap = advice.known_gap(snapshot.bound)
        said = advice.lines(best.structure, self.run.preset, gap) if best else []
        box.show(Ending(snapshot, self.run.run_dir, known, tuple(said[:MOST_ADVICE])))

    # --- what keys do -----------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what makes no sense any more."""
        if action in ("pause", "stop") and self._shown is not None and self._shown.ended:
            return False
        if action == "put_away":
            return self._shown is not None and self._shown.ended and not self._put_away
        if action == "fill" and self.maximized is None and self.to_fill() is None:
            return None
        return True

    def action_put_away(self) -> None:
        """How the search ended need not take room any more."""
        self._put_away = True
        self.query_one(SummaryPanel).display = False
        self.refresh_bindings()

    def action_finding(self, name: str) -> None:
        """Fill the screen with what works or the lineage, or go back."""
        panel = self.query_one(f"#{name}")
        if self.maximized is panel:
            self.minimize()
        elif not self.has_class("-tiny"):
            self._fill(panel)
            if self._shown is not None:
                self._show_course(self._shown)

    def action_view(self) -> None:
        """The best structure on a screen of its own."""
        from maedet_tui.screens.structures.structure import StructureScreen

        self.app.push_screen(StructureScreen(self._glyphs, run=self.run))

    def action_plot(self, name: str) -> None:
        """Show one of the plots, and the tab of plots where there are tabs; where all of them
        are on show, fill the screen with it, or go back."""
        filled = self.maximized
        before = filled.kind.name if isinstance(filled, Plot) else ""
        alone = self.query_one("#plot", Plot)
        alone.switch(kind_of(name))
        self.post_message(messages.Remember(plot=name, stacked=alone.stacked))
        if not self.has_class("-all-plots"):
            self.choose("plots")
            if filled is not None and filled is not alone:
                self._fill(alone)
            return
        among = list(self.query("#plots Plot").results(Plot))
        plot = next((one for one in among if one.kind.name == name), None)
        if plot is None:  # it has no place among them, and takes the whole screen
            plot = alone
        if filled is plot and before == name:
            self.minimize()
        else:
            self._fill(plot)

    def action_plot_stack(self) -> None:
        super().action_plot_stack()
        alone = self.query_one("#plot", Plot)
        self.post_message(messages.Remember(plot=alone.kind.name, stacked=alone.stacked))

    def action_home(self) -> None:
        """To the presets and runs."""
        self.post_message(messages.GoHome())
