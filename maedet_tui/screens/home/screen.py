"""Home: presets to search with, and the runs there are.

It paints before anything is read: files, runs and the device are looked at in threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import Resize
from textual.widgets import OptionList, Static

from maedet_tui.formatting import printable
from maedet_tui.screens import messages
from maedet_tui.screens.home.browsing import BROWSING_KEYS
from maedet_tui.screens.home.details import Details, Found, HintPanel
from maedet_tui.screens.home.keys import HomeKeys
from maedet_tui.screens.home.lists import PresetTable, RunTable
from maedet_tui.screens.home.looking import Runs, peek
from maedet_tui.widgets.footer import Footer
from maedet_tui.widgets.glyphs import Glyphs, plain_scroll_bars
from maedet_tui.widgets.table import TableBox
from maedet_tui.widgets.thread import in_thread

if TYPE_CHECKING:
    from maedet_tui.presets.library import Entry
    from maedet_tui.runs.run import SearchRun
    from maedet_tui.store.listing import Line

#: seconds between two looks at the runs
LOOK_EVERY = 2.0
#: from this (width, height) on there is room for what the marked row stands for
ROOMY = (100, 32)
#: from this width on the two lists stand side by side
WIDE = 165
#: in less than this (width, height) one list is shown at a time
TINY = (60, 16)


#: what the program does, for who has no runs yet
WHAT = "Finds backbones without training: within a budget, the one of highest entropy (Z)."


class Home(HomeKeys):
    """Enter starts a preset's search, or opens a run."""

    CSS_PATH = "home.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Lists", tooltip="From the presets to the runs"),
        Binding("shift+tab", "app.focus_previous", "List before", show=False,
                tooltip="From the runs to the presets"),
        Binding("n", "new_preset", "New preset",
                tooltip="A preset for a budget: every number but that follows by a rule"),
        Binding("b", "app.browse", "Browse",
                tooltip="All structures in one list: to look at, to compare, to save"),
        Binding("w", "sweeps", "Sweeps", show=False,
                tooltip="The sweeps there are: many searches side by side"),
        *BROWSING_KEYS,
        Binding("escape", "back", "Back to search",
                tooltip="Back to the search that goes on in this window"),
    ]  # fmt: skip

    def __init__(
        self,
        runs_dir: Path,
        characters: Glyphs,
        under_way: Callable[[], SearchRun | None],
        orders: Sequence[str] = ("", ""),
    ):
        """under_way: the search that goes on in this process, if one does. orders: of presets
        and runs to begin with, by their names."""
        super().__init__(characters, orders)
        self.runs, self._under_way = Runs(runs_dir), under_way
        self._begun = self._looking = False
        self._device = "looking for a device"
        self._to_mark: str | None = None
        self._peeked: tuple[str, int] | None = None

    # --- layout -----------------------------------------------------------------

    def compose(self) -> ComposeResult:
        glyphs = self._glyphs
        yield Static("", id="title", markup=False)
        yield Static(f" {WHAT}", id="what", markup=False)
        with Container(id="lists"):
            yield TableBox("Presets", PresetTable(glyphs, id="presets"), id="presets-box")
            yield TableBox("Runs", RunTable(glyphs, id="runs"), id="runs-box")
        yield Details(glyphs, self.runs.folder, id="details")
        yield HintPanel(glyphs, id="hint")
        yield Footer()

    def on_mount(self) -> None:
        if not self._glyphs.braille:
            plain_scroll_bars(self)
        self._title()
        self.read_presets(check=False)
        self.query_one(PresetTable).focus()
        self.call_after_refresh(self._begin)

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        self.set_class(width >= ROOMY[0] and height >= ROOMY[1], "-roomy")
        self.set_class(width >= WIDE, "-wide")
        self.set_class(width < TINY[0] or height < TINY[1], "-tiny")
        self._title()

    def _title(self) -> None:
        title, own = f" maedet-tui   {self._device}", self._under_way()
        if self.has_class("-tiny"):
            title = " Small: tab shows the other list"
        elif own is not None:
            symbol = getattr(self._glyphs, own.snapshot.state, self._glyphs.dot)
            title = f" {symbol} {own.run_dir.name} goes on here, esc shows it   {self._device}"
        self.query_one("#title", Static).update(printable(title))
        self.refresh_bindings()

    # --- what is looked at in threads --------------------------------------------

    def _begin(self) -> None:
        """After the first paint: whatever takes an import or a file."""
        self._begun = True
        self.query_one(Details).begin()
        self.read_presets()
        self.look()
        self.set_interval(LOOK_EVERY, self.look)
        # a thread that does not hold up quitting, for asking torch may take a while
        threading.Thread(target=self._find_device, name="device", daemon=True).start()

    def on_screen_resume(self) -> None:
        if self._begun:  # back from a search or the editor
            self._title()
            self.read_presets()
            self.look()

    def mark_run(self, name: str) -> None:
        """Mark a run once it is listed."""
        self._to_mark = name

    def look(self) -> None:
        """Look at the runs, unless nobody sees them or the last look is still under way."""
        if not self._looking and self.app.screen is self:
            self._looking = True
            in_thread(self, self._list_runs, "The runs could not be listed")

    def _list_runs(self) -> None:
        def some(lines: list[Line]) -> None:
            self.app.call_from_thread(self._show_runs, lines, "")

        try:
            lines, said = self.runs.read(None if self._lines else some)
        finally:
            self._looking = False
        self.app.call_from_thread(self._show_runs, lines, said)

    def _show_runs(self, lines: list[Line], said: str) -> None:
        self._lines = {line.name: line for line in lines}
        self.show_runs()
        table = self.query_one(RunTable)
        if self._to_mark in self._lines:
            table.mark(self._to_mark)
            self._to_mark = None
        self._title()
        box = self.query_one("#runs-box")
        self.set_class(not lines, "-first")
        said = said or ("" if lines else f"none in {self.runs.folder} yet")
        box.border_subtitle = Content(printable(said))
        if self.focused is table:
            self.explain()

    def _find_device(self) -> None:
        from maedet_tui.machine.device import found

        app = self.app  # of which a screen knows nothing more once it is gone
        device = found()
        if app.is_running:
            app.call_from_thread(self._show_device, device)

    def _show_device(self, device: str) -> None:
        self._device = device
        self._title()

    # --- what is marked ----------------------------------------------------------

    def on_descendant_focus(self) -> None:
        runs = self.query_one("#runs-box")
        self.set_class(self.focused is not None and runs in self.focused.ancestors, "-on-runs")
        self.refresh_bindings()
        self.explain()

    def on_option_list_option_highlighted(self, _: OptionList.OptionHighlighted) -> None:
        self.explain()

    def explain(self) -> None:
        """Show what the marked row of the list in use stands for."""
        on_runs = self.on_runs
        entry = None if on_runs else self.marked_entry
        shown = self.marked_line if on_runs else entry
        self.set_class(shown is None, "-nothing")
        if shown is not None:
            self.query_one(HintPanel).show(shown)
        self.query_one(Details).explain(shown, entry.draft if entry is not None else None)
        line = self.marked_line if on_runs else None
        if line is None:
            self._peeked = None
        elif self.has_class("-roomy") and not line.problem:
            self._peek(line.name, line.iteration)

    def _peek(self, name: str, iteration: int) -> None:
        """Read the best of a run, and how it came to that, unless that is on show."""
        if self._peeked == (name, iteration):
            return
        self._peeked = name, iteration

        def read() -> None:
            with self.runs.using:
                found = peek(self.runs.folder / name)
            if found is not None:
                self.app.call_from_thread(self._tell, name, found)

        in_thread(self, read, f"The best of {name} could not be read", group="peek")

    def _tell(self, name: str, found: Found) -> None:
        if self._peeked is not None and self._peeked[0] == name:
            self.query_one(Details).tell(name, found)

    # --- what keys do -----------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what makes no sense now."""
        if action == "show_all":
            return bool(self._arranged.words)
        return action != "back" or self._under_way() is not None

    def action_back(self) -> None:
        """To the search of this process."""
        self.post_message(messages.BackToSearch())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if event.option_list.id == "runs":
            if (line := self.marked_line) is not None:
                self.post_message(messages.OpenRun(self.runs.folder / line.name))
        elif (entry := self.marked_entry) is not None:
            self._start(entry)

    def _start(self, entry: Entry) -> None:
        from maedet_tui.presets import library

        if entry.draft is None and not entry.problems:  # chosen before it was read
            entry = library.read(entry)
        if entry.preset is not None:
            self.post_message(messages.SearchWith(entry.preset))
        else:
            hint = "; e edits it" if entry.to_edit else ""
            self.notify(str(entry.problems[0]), title=f"{entry.name} has a problem{hint}",
                        severity="error", timeout=10, markup=False)  # fmt: skip
