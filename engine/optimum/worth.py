"""What more of each budget would buy: multipliers at the optimum, and a search with more layers.

By duality the multiplier of a budget is the slope of the best Z in that budget, for the
skeleton of the best structure. Layers are whole numbers that skeletons have, so what more
of them give is found by solving once more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.blocks import KINDS
from engine.optimum.bounding import Group
from engine.optimum.certificate import Best, Certificate
from engine.optimum.problem import NoOptimum
from engine.optimum.search import certified
from engine.optimum.skeletons import Skeletons
from engine.optimum.space import layers_of, layout_of, limits_of
from engine.settings import Preset
from engine.snapshot import Worth
from engine.structure import Structure


def skeleton_bound(preset: Preset, structure: Structure) -> tuple[float, dict[str, float]]:
    """The bound of a structure's skeleton, and by budget the multiplier: by how much it rises
    if the budget does by its own size."""
    skeletons = Skeletons(preset, layout_of(structure))
    group = Group(preset, skeletons, limits_of(preset.space))
    found = group.relaxed(group.roots(np.array([0])), -np.inf, 1e-8)
    names = [name for name, _ in skeletons.budgets]
    return float(found.bound[0]), dict(zip(names, map(float, found.multipliers[:, 0])))


def worth(
    preset: Preset,
    found: Certificate,
    seconds: float,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[Worth]:
    """What a hundredth more of FLOPs and of params is worth, and one more unit's layers.

    Empty where nothing was found or the reading is not concave. seconds: for the layers,
    left out where that was too short to prove anything, or cancelled; none at all asks for
    multipliers alone, which take a moment.
    """
    best = found.best
    if best is None or preset.objective.size == "volume":
        return []
    _, multipliers = skeleton_bound(preset, best.structure)
    limits = {"flops": preset.budget.flops, "params": preset.budget.params}
    all_ = [
        Worth(name, limit, limit / 100, multipliers[name] / 100)
        for name, limit in limits.items()
        if limit is not None
    ]
    return all_ + (_layers(preset, found, best, seconds, cancelled) if seconds else [])


def _layers(
    preset: Preset,
    found: Certificate,
    best: Best,
    seconds: float,
    cancelled: Callable[[], bool],
) -> list[Worth]:
    limit = preset.budget.layers
    if limit is None or not found.proven:
        return []
    more = min(
        layers_of(block) // block.depth
        for block in best.structure.blocks
        if "depth" in KINDS[block.kind].fields
    )
    try:
        again = certified(
            replace(preset, budget=replace(preset.budget, layers=limit + more)), seconds, cancelled
        )
    except NoOptimum:
        return []
    if again.best is None or not again.proven:
        return []
    return [Worth("layers", limit, more, again.best.score.z - best.score.z)]
