"""A preset in one line: budget, space and scorer."""

from __future__ import annotations

from functools import lru_cache
from math import isinf, log
from typing import TYPE_CHECKING

from engine.settings import CLOSED
from maedet_tui import formatting

if TYPE_CHECKING:
    from engine.costs import Cost
    from engine.settings import Preset

#: networks whose costs are further apart, as a ratio, are not of one budget
APART = 2.5
HEADINGS = ("FLOPs", "params", "layers", "latency", "space", "scorer", "beside")


def glance(preset: Preset) -> tuple[str, ...]:
    """Under HEADINGS: 91G, -, 91, 25ms, ResBlock 3/5, auto, ResNet-50 83.9G."""
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
        beside(preset),
    )


def beside(preset: Preset) -> str:
    """The network that people know of a cost near to a preset's budget of FLOPs:
    ResNet-50 83.9G; - where there is none."""
    known = nearest(preset)
    if known is None:
        return "-"
    name, cost = known
    return f"{name} {formatting.quantity(cost.flops)}"


def nearest(preset: Preset) -> tuple[str, Cost] | None:
    """That network's name, and what it costs at the preset's image size; None where there is
    no budget of FLOPs, or none within APART times of it."""
    flops = preset.budget.flops
    if flops is None:
        return None
    costs = _known(preset.budget.image_size)
    apart = {name: abs(log(cost.flops / flops)) for name, cost in costs.items()}
    name = min(apart, key=lambda one: apart[one])
    return (name, costs[name]) if apart[name] < log(APART) else None


@lru_cache(maxsize=16)
def _known(image_size: tuple[int, int]) -> dict[str, Cost]:
    from engine.costs import total_cost
    from engine.zoo import KNOWN

    return {name: total_cost(structure, image_size) for name, structure in KNOWN.items()}


def rules(preset: Preset) -> str:
    """The rules that a preset adds to the paper's, in one phrase; empty for none."""
    budget, space = preset.budget, preset.space
    said = []
    if space.monotone_widths:
        said.append("widths never fall")
    if not isinf(space.max_expansion):
        said.append(f"rise at most {space.max_expansion:g} times a block")
    if space.widths:
        said.append("each stage has its range of widths")
    for name, least in (("FLOPs", budget.flops_min), ("params", budget.params_min)):
        if least is not None:
            said.append(f"at least {formatting.short_quantity(least)} {name}")
    if budget.effectiveness is not None:
        said.append(f"effectiveness at most {budget.effectiveness:g}")
    if budget.memory is not None:
        said.append(f"maps of an image in {formatting.short_quantity(budget.memory)}B")
    return ", ".join(said)


def latency(seconds: float | None) -> str:
    """A limit of latency: 25ms; - for none."""
    return "-" if seconds is None else f"{1000 * seconds:.4g}ms"


def _limit(value: int | None) -> str:
    return "-" if value is None else formatting.short_quantity(value)
