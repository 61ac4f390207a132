"""What of the two lists is shown, in which order, and which runs have a mark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen

from maedet_tui.formatting import printable
from maedet_tui.screens import messages
from maedet_tui.screens.home.lists import (
    LADDER,
    PRESET_ORDERS,
    RUN_ORDERS,
    PresetTable,
    RunTable,
    preset_row,
    preset_texts,
    run_row,
    run_texts,
)
from maedet_tui.widgets.arranged import Arranged
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.table import TableBox

if TYPE_CHECKING:
    from maedet_tui.presets.library import Entry
    from maedet_tui.store.listing import Line
    from maedet_tui.widgets.filter_line import FilterLine

BROWSING_KEYS = [
    Binding("slash", "filter", "Filter", key_display="/", show=False,
            tooltip="Leave of this list what has all the words that you type"),
    Binding("s", "sort", "Sort", show=False,
            tooltip="Another order of this list: by name, by best Z, by budget, ..."),
    Binding("escape", "show_all", "Show all",
            tooltip="Show the rows again that the words after / leave out"),
]  # fmt: skip


class Browsing(Screen[None]):
    """A screen with a PresetTable and a RunTable, each in a TableBox."""

    def __init__(self, characters: Glyphs, orders: Sequence[str] = ("", "")):
        """orders: of presets and runs to begin with, by their names."""
        super().__init__()
        self._glyphs = characters
        self._entries: dict[str, Entry] = {}
        self._lines: dict[str, Line] = {}
        self._presets: Arranged[Entry] = Arranged(PRESET_ORDERS, preset_texts)
        self._runs_shown: Arranged[Line] = Arranged(RUN_ORDERS, run_texts)
        self._presets.choose(orders[0])
        self._runs_shown.choose(orders[1])
        self._chosen: set[str] = set()
        #: rows of the presets for other budgets
        self._steps: set[str] = set()

    @property
    def on_runs(self) -> bool:
        """Whether the runs are the list in use."""
        return self.has_class("-on-runs")

    @property
    def _arranged(self) -> Arranged[Entry] | Arranged[Line]:
        return self._runs_shown if self.on_runs else self._presets

    @property
    def _box(self) -> TableBox:
        return self.query_one("#runs-box" if self.on_runs else "#presets-box", TableBox)

    # --- what is shown ------------------------------------------------------------

    def show_presets(self) -> None:
        """Write the list of presets anew."""
        shown = self._presets(self._entries.values())
        rows = [preset_row(entry, self._glyphs) for entry in shown]
        steps = [row.id in self._steps for row in rows]
        if any(steps) and steps == sorted(steps):  # as they stand, in no other order
            rows.insert(steps.index(True), LADDER)
        self.query_one(PresetTable).show(rows)
        box = self.query_one("#presets-box", TableBox)
        title = self._presets.titled("Presets", len(shown), len(self._entries))
        box.border_title = Content(printable(title))

    def show_runs(self) -> None:
        """Write the list of runs anew."""
        shown = self._runs_shown(self._lines.values())
        self._chosen &= self._lines.keys()
        rows = [run_row(line, self._glyphs, line.name in self._chosen) for line in shown]
        self.query_one(RunTable).show(rows)
        title = self._runs_shown.titled("Runs", len(shown), len(self._lines))
        if self._chosen:
            title += f", {len(self._chosen)} marked"
        box = self.query_one("#runs-box", TableBox)
        box.border_title = Content(printable(title))

    def _show_list(self) -> None:
        (self.show_runs if self.on_runs else self.show_presets)()
        self.refresh_bindings()
        self.explain()

    def explain(self) -> None:
        """Say what the marked row stands for."""
        raise NotImplementedError

    @property
    def marked_entry(self) -> Entry | None:
        """The preset under the cursor."""
        return self._entries.get(self.query_one(PresetTable).marked or "")

    @property
    def marked_line(self) -> Line | None:
        """The run under the cursor."""
        return self._lines.get(self.query_one(RunTable).marked or "")

    def mark_preset(self, id: str) -> None:
        """Put the cursor on a preset, which the words after / may have left out."""
        entry = self._entries.get(id)
        if entry is not None and not self._presets([entry]):
            self.query_one("#presets-box", TableBox).unfilter()
            self._presets.words = ""
            self.show_presets()
        self.query_one(PresetTable).mark(id)

    # --- what keys do -------------------------------------------------------------

    async def action_filter(self) -> None:
        """Open the line for words."""
        await self._box.filter()

    def on_filter_line_changed(self, event: FilterLine.Changed) -> None:
        self._arranged.words = event.line.words
        self._show_list()

    def action_show_all(self) -> None:
        """Take the words away."""
        self._box.unfilter()

    def action_sort(self) -> None:
        """Another order."""
        self._arranged.next()
        self._show_list()
        kept = {"presets_by": self._presets.order, "runs_by": self._runs_shown.order}
        self.post_message(messages.Remember(**kept))

    def action_mark_run(self) -> None:
        """Mark the run under the cursor, or take its mark away."""
        if (line := self.marked_line) is not None:
            self._chosen ^= {line.name}
            self.show_runs()
            self.refresh_bindings()

    def action_unmark_runs(self) -> None:
        """Take all marks away."""
        self._chosen.clear()
        self.show_runs()
        self.refresh_bindings()
