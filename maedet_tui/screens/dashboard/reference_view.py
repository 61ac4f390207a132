"""The paper's own structure for a budget, scored the way the search's best is."""

from __future__ import annotations

from functools import partial

from textual.message import Message

from engine.scorers.base import Score
from engine.settings import Preset
from engine.zoo import ZOO, ZooEntry
from maedet_tui.widgets.structure_view import StructureView, View
from maedet_tui.widgets.thread import in_thread

#: seconds in which a dashboard is drawn for the first time
SETTLED = 0.3


class ReferenceView(StructureView):
    """Draws a structure that was published; its entropies follow once they are computed."""

    class Scored(Message):
        """The structure's Z is known."""

        def __init__(self, entry: ZooEntry, score: Score):
            super().__init__()
            self.entry, self.score = entry, score

    def __init__(self, entry: ZooEntry, preset: Preset, id: str | None = None):
        super().__init__(id=id)
        self._entry, self._preset = entry, preset
        self._quoted = True if entry.name in ZOO else None
        self.border_title = f"{entry.whose.capitalize()} {entry.title}, {entry.source}"

    def on_mount(self) -> None:
        self.show(View(self._preset, self._entry.structure, quoted=self._quoted))
        # in a thread, for numpy takes a while to import, and once there is something to see
        what = f"{self._entry.whose.capitalize()} {self._entry.title} could not be scored"
        self.set_timer(SETTLED, partial(in_thread, self, self._score, what))

    def _score(self) -> None:
        from engine.scorers.closed_form import ClosedForm

        score = ClosedForm(self._preset.objective).score([self._entry.structure])[0]
        self.app.call_from_thread(self._take, score)

    def _take(self, score: Score) -> None:
        structure = self._entry.structure
        self.show(View(self._preset, structure, score.z, score.entropies, quoted=self._quoted))
        self.border_subtitle = "scored in closed form"
        self.post_message(self.Scored(self._entry, score))
