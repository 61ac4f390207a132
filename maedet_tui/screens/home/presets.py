"""The presets of the home screen: listed at once, and read in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maedet_tui.presets.problems import PresetError
from maedet_tui.screens.home.browsing import Browsing
from maedet_tui.screens.home.lists import row_id
from maedet_tui.widgets.thread import in_thread

if TYPE_CHECKING:
    from maedet_tui.presets.library import Entry


class Presets(Browsing):
    """A screen whose list of presets is that of the built-in and the user's folder."""

    def read_presets(self, mark: str | None = None, *, check: bool = True) -> None:
        """List the presets anew, and mark one by its row; `check` their contents too."""
        from maedet_tui.presets import library

        try:
            listed = library.names()
        except PresetError as error:
            self.notify(str(error), severity="error", timeout=10, markup=False)
            listed = library.names(own=False)
        steps = library.steps()
        self._steps = {row_id(step) for step in steps}
        listed += steps
        before, self._entries = self._entries, {}
        for entry in listed:
            self._entries[row_id(entry)] = before.get(row_id(entry), entry)
        self._show_presets()
        if mark is not None:
            self.mark_preset(mark)
        if check:
            in_thread(self, lambda: self._read(listed), "The presets could not be checked",
                      group="presets", exclusive=True)  # fmt: skip

    def _read(self, listed: list[Entry]) -> None:
        from maedet_tui.presets import library

        self.app.call_from_thread(self._take, [library.read(entry) for entry in listed])

    def _take(self, entries: list[Entry]) -> None:
        for entry in entries:
            if row_id(entry) in self._entries:
                self._entries[row_id(entry)] = entry
        self._show_presets()
        self.explain()

    def _show_presets(self) -> None:
        self.show_presets()
        own = any(not entry.builtin for entry in self._entries.values())
        self.query_one("#presets-box").border_subtitle = "* your own" if own else ""
