"""A sweep on the screen, which looks on: a process of its own drives it, and goes on without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import OptionList, Static

from maedet_tui import formatting
from maedet_tui.errors import SaveError
from maedet_tui.formatting import printable
from maedet_tui.screens import messages
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.sweep.plot import SweepPlot
from maedet_tui.screens.sweep.published import published
from maedet_tui.screens.sweep.rows import COLUMNS, search_row
from maedet_tui.screens.sweep.views import VIEWS, Known
from maedet_tui.store.control import wish
from maedet_tui.sweep.detach import begin_driving
from maedet_tui.sweep.follow import Follower, Seen
from maedet_tui.sweep.searched import Search
from maedet_tui.sweep.store import SweepStore
from maedet_tui.widgets.footer import Footer
from maedet_tui.widgets.glyphs import Glyphs, plain_scroll_bars
from maedet_tui.widgets.table import Row, Table, TableBox
from maedet_tui.widgets.thread import in_thread

#: seconds between two looks at the sweep
LOOK_EVERY = 0.15
#: from this width on list and plot stand side by side
WIDE = 150
#: in less than this (width, height) there is room for the list alone
TINY = (60, 16)


class SweepScreen(Screen[None]):
    """Its searches and plots. Enter opens a search; the rest are wishes to who drives it."""

    CSS_PATH = "sweep.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p,space", "pause", "Pause", tooltip="Hold the marked search, or go on with it"),
        Binding("x", "stop", "Stop", tooltip="End the marked search; what it has found is kept"),
        Binding("P", "pause_all", "Pause all", tooltip="Hold all searches, or go on with them"),
        Binding("X", "stop_all", "Stop all", tooltip="End the sweep; what was found is kept"),
        Binding("r", "resume", "Resume", tooltip="Go on with what has not finished"),
        *(
            Binding(one.key, f"view('{one.name}')", one.tab, show=False,
                    tooltip=f"Plot: {one.title}")
            for one in VIEWS
        ),
        Binding("R", "report", "Report", key_display="R", show=False,
                tooltip="Write all that there is to say of this sweep as one page to share"),
        Binding("escape", "home", "Home", tooltip="To presets and runs; the sweep goes on"),
    ]  # fmt: skip

    def __init__(self, folder: Path, characters: Glyphs):
        """Raises StoreError for what is no sweep."""
        super().__init__()
        self.folder, self._glyphs = folder, characters
        self._follower = Follower(folder)
        self._seen: Seen | None = None
        self._known: tuple[Known, ...] = ()
        self._rows: dict[int, tuple[Search, Row]] = {}
        self._looking = False

    # --- layout -----------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        glyphs = self._glyphs
        yield Static("", id="sweep-title", markup=False)
        with Container(id="parts"):
            yield TableBox("Searches", Table(COLUMNS, glyphs, id="searches"), id="searches-box")
            yield SweepPlot(glyphs, id="sweep-plot")
        yield Footer()

    def on_mount(self) -> None:
        if not self._glyphs.braille:
            plain_scroll_bars(self)
        self.query_one(Table).focus()
        self._look()
        self.set_interval(LOOK_EVERY, self._look)
        in_thread(self, self._score, "The published structures could not be scored")

    def on_unmount(self) -> None:
        if not self._looking:
            self._follower.close()

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        self.set_class(width >= WIDE, "-wide")
        self.set_class(width < TINY[0] or height < TINY[1], "-tiny")

    # --- what is looked at in threads ---------------------------------------------------

    def _look(self) -> None:
        """Look once more, unless nobody sees it or the last look is still under way."""
        if not self._looking and self.app.screen is self:
            self._looking = True
            in_thread(self, self._read, "The sweep could not be read")

    def _read(self) -> None:
        courses = self.query_one(SweepPlot).view.name == "courses"
        try:
            seen = self._follower.look(courses=courses)
        except SaveError as error:
            self.app.call_from_thread(self._say, str(error))
        else:
            self.app.call_from_thread(self._show, seen)
        finally:
            self._looking = False
            if not self.is_attached:
                self._follower.close()

    def _score(self) -> None:
        found = published(self.folder)
        self.app.call_from_thread(self._take, found)

    def _take(self, found: tuple[Known, ...]) -> None:
        self._known = found
        self._plot()

    def _say(self, said: str) -> None:
        self.query_one("#sweep-title", Static).update(printable(f" {said}"))

    def _show(self, seen: Seen) -> None:
        if seen == self._seen:
            return
        self._seen = seen
        standing = seen.standing
        self.query_one(Table).show([self._row(one) for one in standing.searches])
        state = "" if standing.live else "   nobody searches now, r goes on"
        if standing.counts["finished"] == len(standing.searches):
            state = ""
        done = formatting.percent(standing.done, 1.0)
        self._say(f"{standing.folder.name}   {standing.words()}   {done}{state}")
        self._plot()
        self.refresh_bindings()

    def _row(self, one: Search) -> Row:
        """Its row, made anew only where it has changed."""
        known = self._rows.get(one.number)
        if known is None or known[0] is not one:
            self._rows[one.number] = known = (one, search_row(one, self._glyphs))
        return known[1]

    def _plot(self) -> None:
        if self._seen is not None:
            marked = self._marked
            number = marked.number if marked is not None else 0
            self.query_one(SweepPlot).show(self._seen, number, self._known)

    # --- what is marked -------------------------------------------------------------------

    @property
    def _marked(self) -> Search | None:
        row = self.query_one(Table).marked
        if row is None or self._seen is None:
            return None
        return self._seen.standing.searches[int(row) - 1]

    def on_option_list_option_highlighted(self, _: OptionList.OptionHighlighted) -> None:
        self._plot()

    def on_option_list_option_selected(self, _: OptionList.OptionSelected) -> None:
        one = self._marked
        if one is None:
            return
        if one.iteration or one.state in ("running", "paused"):
            self.post_message(messages.OpenRun(self.folder / one.name))
        else:
            self.notify("It has not begun yet.", title=one.name, markup=False)

    # --- what keys do ---------------------------------------------------------------------

    def action_view(self, name: str) -> None:
        """Show another plot."""
        self.query_one(SweepPlot).switch(next(one for one in VIEWS if one.name == name))
        self._look()

    def action_report(self) -> None:
        """Write a page about the sweep as it stands."""
        from maedet_tui.screens.reporting import write_report

        write_report(self.app, self.folder, sweep=True)

    def action_home(self) -> None:
        """To presets and runs."""
        self.post_message(messages.GoHome())

    def action_pause(self) -> None:
        """Hold the marked search, or go on with it."""
        if (one := self._marked) is not None:
            self._ask_of(one, "resume" if one.state == "paused" else "pause")

    def action_stop(self) -> None:
        """End the marked search."""
        if (one := self._marked) is not None:
            self._ask_of(one, "stop")

    def _ask_of(self, one: Search, word: str) -> None:
        if one.state not in ("running", "paused"):
            self.notify(f"It is {one.state}.", title=one.name, markup=False)
            return
        self._try(lambda: wish(self.folder / one.name, word), f"{one.name} cannot be asked")

    def action_pause_all(self) -> None:
        """Hold all searches, or go on with them."""
        if self._live() and self._seen is not None:
            held = self._seen.standing.counts["paused"] > 0
            self._wish("resume" if held else "pause")

    def action_stop_all(self) -> None:
        """End the sweep, if that is meant."""
        if not self._live():
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._wish("stop")

        question = f"Stop all searches of {self.folder.name}?\nWhat they have found is kept."
        self.app.push_screen(Confirm(question, "Stop", "Search on"), answered)

    def action_resume(self) -> None:
        """Go on with what has not finished."""
        if self._seen is None:
            return
        if self._seen.standing.live:
            self._wish("resume")
        else:
            self._try(lambda: begin_driving(self.folder), "The sweep does not go on")

    def _live(self) -> bool:
        """Whether somebody drives the sweep; says so if not."""
        live = self._seen is not None and self._seen.standing.live
        if not live:
            self.notify("Nobody searches now; r goes on.", title=self.folder.name, markup=False)
        return live

    def _wish(self, word: str) -> None:
        def ask() -> None:
            with SweepStore(self.folder) as store:
                store.wish(word)

        self._try(ask, "The sweep cannot be asked")

    def _try(self, work: Callable[[], object], failed: str) -> None:
        """Do something in a thread; what is wrong is said."""

        def guarded() -> None:
            try:
                work()
            except SaveError as error:
                self.app.call_from_thread(
                    self.notify, str(error), title=failed, severity="error", markup=False
                )

        in_thread(self, guarded, failed)
