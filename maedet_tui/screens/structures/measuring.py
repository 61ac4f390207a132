"""What a comparison measures only when it is asked to, for it takes seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from textual.screen import Screen

from engine.scorers.base import Score
from engine.settings import Preset
from maedet_tui.structures.comparison import MEASURE_NAMES, MEASURES, Comparison
from maedet_tui.structures.known import measure
from maedet_tui.widgets.thread import in_thread


class Measuring(Screen[None]):
    """A screen of a comparison that can be measured beside it, by preset's objective and device."""

    def __init__(self, shown: Comparison, preset: Preset):
        super().__init__()
        self.shown, self._preset = shown, preset
        self._given_up = threading.Event()
        self.measuring = False

    def tell(self, text: str) -> None:
        """Say something above the comparison."""
        raise NotImplementedError

    def show_all(self) -> None:
        """Write the comparison anew."""
        raise NotImplementedError

    def give_up(self) -> None:
        """Have what is being measured come to nothing."""
        self._given_up.set()

    def action_measure(self) -> None:
        """Measure whatever is not known yet, beside the screen."""
        shown = self.shown
        wanted = [
            (name, index)
            for name in MEASURES
            for index in range(len(shown.items))
            if not isinstance(shown.measured.get(name, {index: None})[index], Score)
        ]
        if not wanted:
            self.notify("All of it has been measured.", markup=False)
            return
        self._given_up = threading.Event()
        self.measuring = True
        self.tell("Measuring; x cancels")
        self.refresh_bindings()
        given_up = self._given_up
        in_thread(self, lambda: self._measure(shown, wanted, given_up),
                  "The measurement has failed", group="measure")  # fmt: skip

    def _measure(
        self, shown: Comparison, wanted: list[tuple[str, int]], given_up: threading.Event
    ) -> None:
        preset = replace(self._preset, objective=shown.objective)

        def tell(call: Callable[..., None], *args: object) -> None:
            if not given_up.is_set():
                self.app.call_from_thread(call, *args)

        for done, (name, index) in enumerate(wanted):
            item = shown.items[index]
            tell(
                self.tell,
                f"Measuring {MEASURE_NAMES[name]} of {item.name}, {done + 1} of {len(wanted)}; "
                "x cancels",
            )
            found = measure(name, preset, item.structure, given_up.is_set)
            if given_up.is_set():
                return
            tell(self._keep, name, index, found)
        tell(self._end)

    def _keep(self, name: str, index: int, found: Score | str) -> None:
        measured = dict(self.shown.measured)
        row = list(measured.get(name, (None,) * len(self.shown.items)))
        row[index] = found
        measured[name] = tuple(row)
        self.shown = replace(self.shown, measured=measured)
        self.show_all()

    def _end(self) -> None:
        self.measuring = False
        self.show_all()

    def action_cancel(self) -> None:
        """Give up; what has been measured stays."""
        self.give_up()
        self._end()
        self.notify("What has been measured so far stays.", title="Cancelled", markup=False)
