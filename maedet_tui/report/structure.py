"""The structure that a run has found, as a section of a report."""

from __future__ import annotations

from engine.costs import block_costs
from engine.structure import Structure
from maedet_tui import formatting, summary
from maedet_tui.report import tower
from maedet_tui.report.gathering import Reported
from maedet_tui.report.markup import Child, Markup, element
from maedet_tui.report.parts import comparison, table
from maedet_tui.structures.comparison import Comparison


def structure_parts(run: Reported) -> list[Markup]:
    """Table, tower and costs of the best, beside the published one for the budget."""
    size, structures = run.preset.budget.image_size, [run.best.structure]
    if run.paper is not None:
        structures.append(run.paper.structure)
    widest = tower.most_channels(*structures)
    parts = [
        table(summary.rows(run.best.structure)),
        element("p", "depth counts bottlenecks; the paper's tables count two as one.",
                class_="muted"),
        element("h3", "Tower"),
        element("div", [
            tower.draw(one, size, title, widest)
            for one, title in zip(structures, _titles(run))
        ], class_="pair"),
        element("p", "Left: size of the maps. Full colour: channels inside the bottlenecks; "
                "pale: channels put out. Height: bottlenecks.", class_="muted"),
        element("h3", "Costs of each block"),
        _costs(run.best.structure, size),
    ]  # fmt: skip
    if run.paper is not None:
        shown = Comparison(
            (run.item, run.paper), run.preset.objective, size,
            (run.closed, run.paper.score), {},
        )  # fmt: skip
        parts += [element("h3", f"Beside {run.whose} {run.paper.name}"), *comparison(shown)]
    return parts


def _titles(run: Reported) -> list[str]:
    """Of the towers."""
    ours = f"{run.name}: {summary.costs(run.best.cost)}"
    if run.paper is None:
        return [ours]
    return [ours, f"{run.whose.capitalize()} {run.paper.name}: {summary.costs(run.paper.cost)}"]


def _costs(structure: Structure, size: tuple[int, int]) -> Markup:
    costs = block_costs(structure, size)
    columns = [[cost.flops for cost in costs], [cost.params for cost in costs]]
    head = ["level", "block", "FLOPs", "", "", "params", "", ""]
    rows = []
    for number, (block, level) in enumerate(zip(structure.blocks, structure.levels)):
        row: list[Child] = [level, f"{block.kind} k{block.kernel}"]
        for values in columns:
            share = values[number] / max(sum(values), 1)
            row += [
                formatting.quantity(values[number]),
                f"{100 * share:.0f} %",
                _bar(values[number] / max(*values, 1)),
            ]
        rows.append(row)
    return table([head, *rows])


def _bar(share: float) -> Markup:
    bar = element("rect", width=100 * share, height=10)
    return element("svg", bar, viewBox="0 0 100 10", class_="share", aria_hidden="true")
