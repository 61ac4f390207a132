"""A paper's table with our searches beside it, as rows of text."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from statistics import median
from typing import NamedTuple

from engine.blocks import KINDS
from engine.costs import PAPER_IMAGE_SIZE, total_cost
from engine.scorers.closed_form import ClosedForm
from engine.settings import SIZE_READINGS, Objective
from engine.structure import Structure
from engine.zoo import ZOO
from maedet_tui import formatting
from maedet_tui.reproduce.paper import TABLES, Row, Table
from maedet_tui.reproduce.searches import Found, Job

HEADINGS = (
    "row",
    "paper FLOPs",
    "paper params",
    "paper AP*",
    "our FLOPs",
    "our params",
    "over seeds",
    "layers",
    "# layers C2-C5",
    "widths C1-C5",
    "Z",
    "Z / paper's",
)


class Sheet(NamedTuple):
    """A finished table: cells as text, and notes to print below."""

    name: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def jobs(
    table: Table, seeds: int, iterations: int | None, size: str = Objective().size
) -> list[Job]:
    """The searches behind a table."""
    return [
        Job(row.preset, row.alphas, size, seed, iterations)
        for row in table.rows
        if row.preset
        for seed in range(seeds)
    ]


def stage_layers(structure: Structure) -> tuple[float, ...]:
    """The paper's "# layers" of C2-C5: a ResBlock there is two bottlenecks."""
    return tuple(
        sum(
            block.depth / KINDS[block.kind].unit_layers
            for block in stage
            if "depth" in KINDS[block.kind].fields
        )
        for stage in structure.stages[1:]
    )


def compare(table: Table, found: Mapping[Job, Found], seeds: int, iterations: int | None) -> Sheet:
    """The table with our columns: of several seeds the one of highest Z, and the range of
    params over all of them."""
    rows = []
    for row in table.rows:
        if row.preset is None:
            rows.append(_unsearched(row))
            continue
        searches = [
            Job(row.preset, row.alphas, Objective().size, s, iterations) for s in range(seeds)
        ]
        rows.append(_searched(row, searches, [found[job] for job in searches]))
    notes = (
        f"* AP as the paper prints it ({table.ap}); nothing was trained here.",
        f"Ours: the best of {seeds} seed{'s' * (seeds > 1)}, closed form, "
        f"{'the presets’ own' if iterations is None else formatting.count(iterations)} iterations.",
    )
    return Sheet(table.name, table.title, HEADINGS, tuple(rows), notes)


def _searched(row: Row, searches: list[Job], results: list[Found]) -> tuple[str, ...]:
    best = max(results, key=lambda found: found.score.z)
    params = sorted(found.cost.params for found in results)
    spread = f"{formatting.quantity(params[0])}-{formatting.quantity(params[-1])}"
    relative = "-"
    if row.reference is not None:
        objective = searches[0].settings().objective
        z = ClosedForm(objective).score([ZOO[row.reference].structure])[0].z
        relative = f"{best.score.z / z:.4f}"
    return (
        row.label,
        row.flops,
        row.params,
        f"{row.ap:.1f}",
        formatting.quantity(best.cost.flops),
        formatting.quantity(best.cost.params),
        spread,
        str(best.cost.layers),
        "-".join(f"{count:g}" for count in stage_layers(best.structure)),
        "-".join(map(str, best.structure.widths)),
        formatting.score(best.score.z),
        relative,
    )


def _unsearched(row: Row) -> tuple[str, ...]:
    structure = ZOO[row.reference].structure
    cost = total_cost(structure, PAPER_IMAGE_SIZE)
    return (
        row.label,
        row.flops,
        row.params,
        f"{row.ap:.1f}",
        formatting.quantity(cost.flops),
        formatting.quantity(cost.params),
        "-",
        str(cost.layers),
        "-".join(f"{count:g}" for count in stage_layers(structure)),
        "-".join(map(str, structure.widths)),
        formatting.score(ClosedForm(Objective()).score([structure])[0].z),
        "-",
    )


#: tables whose parameters the readings of "size" are judged by
JUDGED = ("table1", "table4", "table8")


def sizes_jobs(seeds: int, iterations: int | None) -> list[Job]:
    """Every search of the judged tables, under each reading of "size"."""
    return [
        job
        for size in SIZE_READINGS
        for name in JUDGED
        for job in jobs(TABLES[name], seeds, iterations, size)
    ]


def compare_sizes(found: Mapping[Job, Found], seeds: int, iterations: int | None) -> Sheet:
    """How far params lie from the paper's under each reading: RMS of log(ours / paper's)."""
    rows = []
    for size in SIZE_READINGS:
        errors: dict[str, list[float]] = {}
        for name in JUDGED:
            for row in TABLES[name].rows:
                if row.preset is None:
                    continue
                ours = [
                    found[Job(row.preset, row.alphas, size, seed, iterations)].cost.params
                    for seed in range(seeds)
                ]
                printed = float(row.params.removesuffix("M")) * 1e6
                errors.setdefault(name, []).append(log(median(ours) / printed))
        cells = [f"{_rms(errors[name]):.2f}" for name in JUDGED]
        everything = [error for name in JUDGED for error in errors[name]]
        worst = exp(max(everything, key=abs))
        rows.append((size, *cells, f"{_rms(everything):.2f}", f"{worst:.2f}"))
    headings = ("size", *(f"Table {name[5:]}" for name in JUDGED), "all", "worst ratio")
    notes = (
        "RMS of log(our params / the paper's) over the rows of each table, median of "
        f"{seeds} seed{'s' * (seeds > 1)}; 0.10 means about 10 % off.",
    )
    return Sheet("sizes", "The four readings of “size”", headings, tuple(rows), notes)


def _rms(values: list[float]) -> float:
    return (sum(value * value for value in values) / len(values)) ** 0.5
