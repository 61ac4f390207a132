"""What is wrong with the text in the editor, as a list to go through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from maedet_tui.presets.problems import Problem
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import measure_anew


class ProblemList(OptionList):
    """Every problem of the text; its keys are named here so that the help explains them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Go to line", tooltip="Put the cursor where the problem is"),
    ]

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id, markup=False)
        self._glyphs = characters
        self._problems: Sequence[Problem] = ()
        self.border_title = "Problems"

    def show(self, problems: Sequence[Problem], warnings: Sequence[Problem] = ()) -> None:
        """List these, the mark staying where it was."""
        colours = ["$error"] * len(problems) + ["$warning"] * len(warnings)
        problems = (*problems, *warnings)
        self._problems, marked = problems, self.highlighted
        self.set_options(map(Option, map(self._worded, problems, colours)))
        if problems:
            self.highlighted = min(marked or 0, len(problems) - 1)
        self.set_class(not problems, "-none")
        measure_anew(self)

    def line(self, index: int) -> int | None:
        """Mark a problem; the line it is in, None if there is no such problem."""
        if index >= len(self._problems):
            return None
        self.highlighted = index
        return self._problems[index].line or 1

    def after(self, line: int) -> int:
        """Index of the next problem below a line, and from the last on to the first."""
        lines = [problem.line or 1 for problem in self._problems]
        return next((index for index, one in enumerate(lines) if one > line), 0)

    def _worded(self, problem: Problem, colour: str) -> Content:
        where = f"line {problem.line}" if problem.line else "file"
        key = f"{problem.key}: " if problem.key else ""
        return Content.assemble(
            (f"{self._glyphs.warning} {where}  ", colour), (key, "bold"), (problem.message, "")
        )
