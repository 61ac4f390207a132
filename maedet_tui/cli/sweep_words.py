"""A sweep in words and numbers: its plan, and where its searches stand."""

from __future__ import annotations

from typing import Any

from maedet_tui import formatting
from maedet_tui.sweep.plan import Plan
from maedet_tui.sweep.standing import Standing


def plan_values(found: Plan, about: float | None) -> dict[str, Any]:
    """The keys of a plan in JSON."""
    return {
        "searches": [
            {"number": one.number, "name": one.name, "preset": one.preset.name,
             "varied": dict(one.varied), "iterations": one.preset.schedule.iterations}
            for one in found.searches
        ],
        "bad": [
            {"varied": dict(one.varied), "problem": str(one.problem), "problems": one.problems}
            for one in found.bad
        ],
        "seconds": about,
    }  # fmt: skip


def table(found: Standing) -> list[str]:
    """A sweep as lines: each search with its state and best."""
    lines = [f"{found.folder}: {found.words()}"]
    width = max((len(one.name) for one in found.searches), default=6)
    lines.append(
        f"{'search':{width}} {'state':9} {'done':>6} {'best Z':>10} {'gap':>8} {'FLOPs':>8} "
        f"{'params':>7} {'layers':>6}"
    )
    for one in found.searches:
        if one.z is None:
            lines.append(f"{one.name:{width}} {one.state:9} {one.error or ''}".rstrip())
            continue
        gap = formatting.gap(one.gap) if one.gap is not None else "-"
        flops = formatting.quantity(one.flops) if one.flops is not None else "-"
        params = formatting.quantity(one.params) if one.params is not None else "-"
        lines.append(
            f"{one.name:{width}} {one.state:9} "
            f"{formatting.percent(one.done, 1.0):>6} "
            f"{formatting.score(one.z):>10} {gap:>8} {flops:>8} {params:>7} "
            f"{one.layers if one.layers is not None else '-':>6}"
        )
        if one.error:
            lines.append(f"{'':{width}} {one.error}")
    return lines
