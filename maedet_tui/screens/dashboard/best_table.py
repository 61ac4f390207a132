"""The dashboard's table of the best: at the plots' cursor if there is one, with the cells marked
that have just changed, or differ from what the user compares it with."""

from __future__ import annotations

from time import monotonic

from textual.binding import Binding

from engine.search.member import Member
from engine.snapshot import Snapshot
from engine.structure import Structure
from engine.zoo import ZOO
from maedet_tui.runs.run import SearchRun
from maedet_tui.screens.dashboard.plot_keys import PlotKeys
from maedet_tui.widgets.structure_view import StructureView, View

#: seconds for which a cell is marked once it has changed
MARKED_FOR = 4.0

TABLE_KEYS = [
    Binding("d", "mark", "Differences", show=False,
            tooltip="Mark what differs from the best before, from the paper's, or nothing"),
]  # fmt: skip
#: what the best can be compared with, in words
_AGAINST = {"before": "the best before", "paper": "the paper's"}


class Changes:
    """The structures that were on show, as long as what they differ in is news."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, Structure]] = []

    def take(self, best: Structure, now: float) -> Structure | None:
        """The best at a moment in seconds; what it was MARKED_FOR before, None if the same."""
        seen = self._seen
        if not seen or seen[-1][1] != best:
            seen.append((now, best))
        while self.over(now):
            seen.pop(0)
        return seen[0][1] if len(seen) > 1 else None

    def over(self, now: float) -> bool:
        """Whether some of what is marked is no news any more."""
        return len(self._seen) > 1 and self._seen[1][0] <= now - MARKED_FOR


class BestTable(PlotKeys):
    """A screen with a table of the best of its `run`, steered by TABLE_KEYS."""

    run: SearchRun
    _shown: Snapshot | None

    def __init__(self) -> None:
        super().__init__()
        self.changes = Changes()
        self._against = ""

    def show_best(self, snapshot: Snapshot) -> None:
        """Draw the best, or what was the best at the cursor."""
        best = snapshot.best
        if best is None:
            return
        view, preset = self.query_one("#best", StructureView), self.run.preset
        structure, score, born = best.structure, best.score, snapshot.best_iteration
        title, other = "Best structure", self.changes.take(structure, monotonic())
        below = (
            f"iteration {born:,}  [@click=screen.view] v View [/]"
            " [@click=screen.save_as] S Save as [/] [@click=app.browse] b Browse [/]"
        )
        at = self._at_cursor()
        if at is not None:
            structure, score, born = at.structure, at.score, at.born
            title, other = "Best at the cursor", None
            below = f"of iteration {born:,}  [@click=screen.plot_all] 0 Newest [/]"
        if self._against:
            title += f", marked where it is not {_AGAINST[self._against]}"
            other = self._other(born)
        view.border_title, view.border_subtitle = title, below
        known = score.entropies if score.is_entropy else None
        beside = False if preset.reference in ZOO else None
        view.show(View(preset, structure, score.z, known, beside, other))

    def _at_cursor(self) -> Member | None:
        cursor = self.leading.cursor
        return None if cursor is None else self.run.best_at(int(cursor))

    def _other(self, born: int) -> Structure | None:
        """What the best of an iteration is compared with."""
        if self._against == "before":
            before = self.run.best_at(born - 1)
            return None if before is None else before.structure
        entry = ZOO.get(self.run.preset.reference or "")
        return None if entry is None else entry.structure

    def cursor_moved(self) -> None:
        """The table follows the cursor."""
        if self._shown is not None:
            self.show_best(self._shown)

    def action_mark(self) -> None:
        """Compare the best with the next of what there is to compare with, at last with none."""
        ways = ["", "before"]
        if self.run.preset.reference in ZOO:
            ways.append("paper")
        self._against = ways[(ways.index(self._against) + 1) % len(ways)]
        self.cursor_moved()
