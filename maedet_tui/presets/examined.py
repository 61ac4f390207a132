"""A preset's text as the editor sees it: problems, and what a search would begin with."""

from __future__ import annotations

from dataclasses import dataclass

from engine.costs import stage_costs, total_cost
from engine.scorers.base import ScoringError
from engine.settings import Preset
from engine.snapshot import Candidate, Snapshot
from maedet_tui.presets.doubts import doubts
from maedet_tui.presets.library import nearest_builtin
from maedet_tui.presets.problems import Problem
from maedet_tui.presets.reading import examine


@dataclass(frozen=True, slots=True)
class Examined:
    """What is in a text. draft: the preset as far as it can be read. initial: its initial
    structure, scored in closed form. origin: name and text of the built-in preset it came
    from, None if from none. warnings: of what may not be meant; a search can begin with it."""

    text: str
    problems: tuple[Problem, ...]
    draft: Preset | None
    initial: Candidate | None
    origin: tuple[str, str] | None
    warnings: tuple[Problem, ...] = ()

    @property
    def snapshot(self) -> Snapshot:
        """A search that has only its initial structure."""
        assert self.draft is not None
        iterations = self.draft.schedule.iterations
        return Snapshot("starting", "coarse", 0, iterations, 0.0, 0.0, None, "", best=self.initial)


def examined(text: str, source: str, name: str, origin: tuple[str, str] | None) -> Examined:
    """Check a text and score what it begins with; takes tens of milliseconds.

    origin: the built-in preset it is known to come from; else the nearest one is.
    """
    draft, problems = examine(text, source=source, name=name)
    initial = None if draft is None else _scored(draft)
    warnings = () if problems or draft is None else tuple(doubts(draft, text))
    return Examined(
        text, tuple(problems), draft, initial, origin or nearest_builtin(text), warnings
    )


def _scored(draft: Preset) -> Candidate | None:
    # numpy takes a while to import
    from engine.scorers.closed_form import ClosedForm

    structure, size = draft.initial, draft.budget.image_size
    try:
        (score,) = ClosedForm(draft.objective).score([structure])
    except ScoringError:
        return None
    return Candidate(structure, score, total_cost(structure, size), stage_costs(structure, size))
