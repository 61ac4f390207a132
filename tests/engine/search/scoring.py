"""Scores that a test chooses, for searches that are told them."""

from collections.abc import Callable
from dataclasses import replace

from engine.costs import total_cost
from engine.scorers.base import Score
from engine.search.evolution import Evolution
from engine.settings import Budget, Preset, Schedule, Space
from engine.structure import Structure
from engine.zoo import ZOO


def of(z: float) -> Score:
    return Score(float(z), (), 0.0, "closed-form", "")


def preset(*, budget: Budget | None = None, space: Space | None = None, **schedule) -> Preset:
    """A search from Table 15 with the paper's own mutation."""
    return Preset(
        "test",
        ZOO["initial"].structure,
        budget or Budget(),
        space=space or Space(),
        schedule=replace(Schedule(), **schedule),
    )


def run(
    evolution: Evolution, z_of: Callable[[Structure], float], batch: int = 1, until: int = 10**9
) -> None:
    """Go on with a search until it ends, or has passed an iteration."""
    while evolution.iteration < until and (proposals := evolution.ask(batch)):
        evolution.tell([(one, of(z_of(one.structure))) for one in proposals])


def params(structure: Structure) -> float:
    """A score that wants the most parameters."""
    return float(total_cost(structure).params)
