"""The proven optimum under each budget of a sweep: the curve that no search gets above."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic

from engine.optimum.problem import NoOptimum
from engine.optimum.search import Optimum
from engine.settings import Preset, Schedule
from engine.structure import Structure
from maedet_tui import formatting
from maedet_tui.sweep.front import Found

#: seconds for each budget; what is not proven by then is left out
PATIENCE = 60.0


def optima(
    found: Sequence[Found],
    told: Callable[[int, int], object] = lambda done, of: None,
    stopped: Callable[[], bool] = lambda: False,
) -> list[tuple[str, Structure, float]]:
    """(name, structure, Z) of the proven optimum of every different problem that was searched.

    Only problems in closed form have one. told: (problems solved, all).
    """
    problems: dict[Preset, None] = {}
    for one in found:
        if one.method == "closed-form":
            bare = replace(one.preset, name="", description="", source="", reference=None,
                           schedule=Schedule(), scorer="closed-form", device="auto")  # fmt: skip
            problems[bare] = None
    curve = []
    for number, preset in enumerate(problems):
        told(number, len(problems))
        best = _proven(preset, stopped)
        if best is not None:
            flops = preset.budget.flops
            at = f" {formatting.short_quantity(flops)}" if flops is not None else ""
            curve.append((f"optimum{at}", *best))
    return curve


def _proven(preset: Preset, stopped: Callable[[], bool]) -> tuple[Structure, float] | None:
    deadline = monotonic() + PATIENCE
    try:
        search = Optimum(preset)
        while search.step():
            if monotonic() > deadline or stopped():
                return None
    except NoOptimum:
        return None
    certificate = search.certificate
    if certificate.best is None or not certificate.proven:
        return None
    return certificate.best.structure, certificate.best.score.z
