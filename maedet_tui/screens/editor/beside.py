"""What stands beside the text of the editor, or on small screens in its place, and its problems."""

from __future__ import annotations

from textual.widgets import OptionList

from maedet_tui.presets.examined import Examined
from maedet_tui.screens.editor.diff_view import Difference, DiffPanel
from maedet_tui.screens.editor.finding import Finding
from maedet_tui.screens.editor.problems import ProblemList
from maedet_tui.screens.editor.yaml_area import YamlArea
from maedet_tui.widgets.search_panels import BudgetPanel, Progress
from maedet_tui.widgets.structure_view import StructureView, View


class Beside(Finding):
    """An editor with a YamlArea, a ProblemList, and what `found` is drawn in beside them."""

    found: Examined | None = None
    _beside = "structure"
    _over = False

    def show_beside(self, found: Examined) -> None:
        """Draw what was found out about the text."""
        single = self.has_class("-single")
        self.set_class(self._over, "-over")
        self.set_class(self._beside == "diff", "-diff")
        draft, best = found.draft, found.initial
        budget, initial = self.query_one(BudgetPanel), self.query_one("#initial", StructureView)
        budget.display = initial.display = draft is not None and self._beside == "structure"
        diff = self.query_one(DiffPanel)
        diff.display = self._beside == "diff"
        if diff.display:
            diff.show(Difference(found.text, found.origin))
        elif draft is not None and best is not None:
            budget.show(Progress(draft, found.snapshot))
            initial.show(View(draft, draft.initial, best.score.z, best.score.entropies))
        if single and self._over and not self.query_one("#beside").has_focus:
            self.call_after_refresh(self.query_one("#beside").focus)

    def action_beside(self, what: str) -> None:
        """Show the structure or the changes beside the text; on small screens in its place."""
        again = self._beside == what
        if self.has_class("-single"):
            self._over = not (again and self._over)
        elif again:
            what = "structure"
        self._beside = what
        if self.found is not None:
            self.show_beside(self.found)
        if not self._over:
            self.call_after_refresh(self.query_one(YamlArea).focus)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.go_to(event.option_index)

    def action_next_problem(self) -> None:
        """From one problem to the next, and round."""
        here = self.query_one(YamlArea).cursor_location[0] + 1
        self.go_to(self.query_one(ProblemList).after(here))

    def go_to(self, index: int) -> None:
        """Put the cursor on the line of a problem."""
        line = self.query_one(ProblemList).line(index)
        if line is not None:
            area = self.query_one(YamlArea)
            area.go_to(line)
            self.show_text()
            self.call_after_refresh(area.focus)

    def show_text(self) -> None:
        """The text itself, where something else stands in its place."""
        self._over = False
        self.set_class(False, "-over")
