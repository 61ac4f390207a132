"""`python -m benchmarks gaps --ladder`: the tables of `docs/budgets.md`.

The presets for budgets that people have, as they ship, and the networks that people know of
such costs. Z of a network is that of its structure under the preset beside which it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.gaps import Results, optimum, searched, seeded
from engine.costs import total_cost
from engine.scorers.closed_form import ClosedForm
from engine.settings import Objective, Preset
from engine.structure import Structure
from engine.zoo import KNOWN
from maedet_tui import formatting
from maedet_tui.presets import glance, load
from maedet_tui.presets.folder import ladder_names
from maedet_tui.reproduce.inverse_tables import depths

HEADINGS = (
    "preset", "widths C1-C5", "depths C2-C5", "params", "FLOPs", "Z", "worst", "median", "optimum",
    "beside", "its params", "its FLOPs", "its Z",
)  # fmt: skip
#: (height, width) at which people count FLOPs
SIZES = ((800, 1280), (640, 640), (320, 320))


def table(seeds: int, results: Results) -> Iterator[str]:
    """Lines of Markdown: the ladder, then the networks."""
    yield from _heading(HEADINGS)
    for name in ladder_names():
        yield _row(_step(load(name), seeds, results))
    yield ""
    yield from networks()


def networks() -> Iterator[str]:
    """Costs of the networks that people know at three image sizes, and Z under `log-channels`."""
    sizes = [f"FLOPs at {width}x{height}" for height, width in SIZES]
    yield from _heading(["network", "params", "layers", "Z", *sizes])
    for name, structure in KNOWN.items():
        costs = [total_cost(structure, size) for size in SIZES]
        yield _row([
            name, formatting.quantity(costs[0].params), str(costs[0].layers),
            _z(structure, Objective(size="log-channels")),
            *(formatting.quantity(cost.flops) for cost in costs),
        ])  # fmt: skip


def beside(preset: Preset) -> list[str]:
    """Name, params, FLOPs and Z of the network of nearest cost."""
    known = glance.nearest(preset)
    if known is None:
        return ["-"] * 4
    name, cost = known
    costs = [formatting.quantity(cost.params), formatting.quantity(cost.flops)]
    return [name, *costs, _z(KNOWN[name], preset.objective)]


def _step(preset: Preset, seeds: int, results: Results) -> list[str]:
    """What the searches of a preset come to."""
    bound, proven = optimum(preset, results)
    found = [searched(seeded(preset, seed), results) for seed in range(seeds)]
    gaps = [100 * (1 - one.z / bound) for one in found]
    best = max(found)
    cost = total_cost(best.structure, preset.budget.image_size)
    return [
        preset.name, "-".join(map(str, best.structure.widths)),
        "-".join(map(str, depths(best.structure))), formatting.quantity(cost.params),
        formatting.quantity(cost.flops), formatting.score(best.z), f"{max(gaps):.3f} %",
        f"{median(gaps):.3f} %", "proven" if proven else "bound", *beside(preset),
    ]  # fmt: skip


def _z(structure: Structure, objective: Objective) -> str:
    (score,) = ClosedForm(objective).score([structure])
    return formatting.score(score.z)


def _heading(names: list[str] | tuple[str, ...]) -> Iterator[str]:
    yield _row(names)
    yield "|" + "---|" * len(names)


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"
