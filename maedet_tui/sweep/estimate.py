"""About how long a sweep takes, measured on this machine before it starts."""

from __future__ import annotations

from time import perf_counter

from engine.scorers.factory import cuda_available, make_scorer
from engine.search.evolution import Evolution
from engine.settings import Preset
from maedet_tui.sweep.plan import Plan

#: seconds that the first search is tried for
PROBE = 0.3
_CLOSED = "closed-form"


def seconds(plan: Plan, jobs: int) -> float | None:
    """Seconds that the searches take, so many at a time; None where trying would take long.

    The first search is run for a moment. Only evolutions in closed form are told of: what a
    forward pass or a proof takes shows when the first ones have ended.
    """
    if not all(map(_known, (one.preset for one in plan.searches))) or not plan.searches:
        return None
    preset = plan.searches[0].preset
    evolution = Evolution(preset)
    scorer = make_scorer(_CLOSED, "cpu", preset.objective, preset.forward)
    began = perf_counter()
    while perf_counter() - began < PROBE and (proposals := evolution.ask()):
        scores = scorer.score([one.structure for one in proposals])
        evolution.tell(zip(proposals, scores, strict=True))
    rate = max(evolution.iteration, 1) / (perf_counter() - began)
    longest = max(one.preset.schedule.iterations for one in plan.searches)
    return max(plan.iterations / jobs, longest) / rate


def _known(preset: Preset) -> bool:
    return (
        (preset.scorer == _CLOSED or (preset.scorer == "auto" and not cuda_available()))
        and preset.schedule.strategy == "evolution"
        and preset.budget.latency is None
    )
