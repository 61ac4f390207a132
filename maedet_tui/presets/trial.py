"""A search of a second or two, to show what a preset would come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.costs import stage_costs, total_cost
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution
from engine.settings import Preset
from engine.snapshot import Candidate

#: N and T: as many iterations on any machine, so that the same preset shows the same structure
POPULATION, ITERATIONS = 32, 12_000


def found(preset: Preset, stopped: Callable[[], bool] = lambda: False) -> Candidate:
    """The best structure of a short search in closed form; its costs at the preset's size."""
    schedule = replace(
        preset.schedule, population=POPULATION, iterations=ITERATIONS, keep=POPULATION // 4
    )
    evolution = Evolution(replace(preset, schedule=schedule))
    scorer = ClosedForm(preset.objective)
    while (proposals := evolution.ask(8)) and not stopped():
        scores = scorer.score([one.structure for one in proposals])
        evolution.tell(zip(proposals, scores, strict=True))
    best, size = evolution.best, preset.budget.image_size
    assert best is not None  # it begins with one that is within the budget
    return Candidate(
        best.structure, best.score, total_cost(best.structure, size),
        stage_costs(best.structure, size),
    )  # fmt: skip
