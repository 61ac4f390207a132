"""A preset in one line: budget, space and scorer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.settings import CLOSED
from maedet_tui import formatting

if TYPE_CHECKING:
    from engine.settings import Preset

HEADINGS = ("FLOPs", "params", "layers", "latency", "space", "scorer")


def glance(preset: Preset) -> tuple[str, ...]:
    """Under HEADINGS: 91G, -, 91, 25ms, ResBlock 3/5, auto."""
    budget, space = preset.budget, preset.space
    kernels = "/".join(str(kernel) for kernel in space.kernels)
    return (
        _limit(budget.flops),
        _limit(budget.params),
        str(budget.layers or "-"),
        latency(budget.latency),
        f"{'+'.join(space.blocks)} {kernels}",
        # which proxy, not how: the whole name would take a narrow screen's last column
        preset.scorer.removesuffix(CLOSED),
    )


def latency(seconds: float | None) -> str:
    """A limit of latency: 25ms; - for none."""
    return "-" if seconds is None else f"{1000 * seconds:.4g}ms"


def _limit(value: int | None) -> str:
    return "-" if value is None else formatting.short_quantity(value)
