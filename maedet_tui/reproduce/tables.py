"""A paper's table with our searches beside it, as rows of text."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log, sqrt
from statistics import median
from typing import NamedTuple

from engine.blocks import KINDS
from engine.costs import PAPER_IMAGE_SIZE, total_cost
from engine.scorers.base import Scorer, ScoringError, close
from engine.scorers.closed_form import ClosedForm
from engine.scorers.factory import make_scorer
from engine.settings import GRADIENT_PROXIES, PROXIES, SIZE_READINGS, Forward, Objective
from engine.structure import Structure
from engine.zoo import ZOO
from maedet_tui import formatting
from maedet_tui.reproduce.paper import TABLES, Row, Table
from maedet_tui.reproduce.searches import (
    PROXY_BATCH,
    Found,
    Job,
    jobs_of,
    own_score,
)

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
    "T",
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


def jobs(table: Table, seeds: int, iterations: int | None, size: str | None = None) -> list[Job]:
    """The searches behind a table. None: as many iterations, and the size, of its presets."""
    return [
        job
        for row in table.rows
        if row.preset
        for job in jobs_of(row.preset, row.alphas, seeds, iterations, size)
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
    params over all of them. Searches that are not in `found` are left open."""
    rows, proxies = [], []
    for row in table.rows:
        if row.preset is None:
            rows.append(_unsearched(row, table))
            continue
        searches = jobs_of(row.preset, row.alphas, seeds, iterations)
        results = {job: found[job] for job in searches if job in found}
        rows.append(_searched(row, table, results))
        if row.preset in PROXIES:
            proxies += [max(results, key=lambda job: found[job].score.z)] if results else []
    headings = HEADINGS
    if table.against:
        headings = (*HEADINGS[:-1], f"Z / {ZOO[table.against].title}'s")
    return Sheet(
        table.name, table.title, headings, tuple(rows), _notes(table, seeds, proxies, found)
    )


def _notes(
    table: Table, seeds: int, proxies: list[Job], found: Mapping[Job, Found]
) -> tuple[str, ...]:
    notes = [
        f"* AP as the paper prints it ({table.ap}); nothing was trained here.",
        f"Ours: the best of {seeds} seed{'s' * (seeds > 1)} in closed form, with the paper's own "
        "mutation and T iterations.",
    ]
    if proxies:
        notes.append(
            "Rows by a proxy are searched by its closed form, and Z is the entropy's in every "
            f"row. In parentheses: measured by a pass of {PROXY_BATCH} images (one of SynFlow)."
        )
    reference = ZOO["maedet-m"]
    for job in proxies:
        ours, theirs = (_both(job, one) for one in (found[job].structure, reference.structure))
        notes.append(f"{job.preset} of ours {ours}, of {reference.title} {theirs}.")
    return tuple(notes)


def _both(job: Job, structure: Structure) -> str:
    expected, measured = own_score(job, structure), own_score(job, structure, measured=True)
    return f"{expected.z:.2f} ({measured.z:.2f})"


def _searched(row: Row, table: Table, results: Mapping[Job, Found]) -> tuple[str, ...]:
    if not results:
        blank = ("not searched",) + ("-",) * (len(HEADINGS) - 5)
        return (row.label, row.flops, row.params, f"{row.ap:.1f}", *blank)
    job, best = max(results.items(), key=lambda item: item[1].score.z)
    params = sorted(found.cost.params for found in results.values())
    spread = f"{formatting.quantity(params[0])}-{formatting.quantity(params[-1])}"
    proxy = job.preset in PROXIES
    objective = Objective() if proxy or table.against else job.settings().objective
    scorer = ClosedForm(objective)
    z, relative = scorer.score([best.structure])[0].z, "-"
    if against := table.against or row.reference:
        relative = f"{z / scorer.score([ZOO[against].structure])[0].z:.4f}"
    return (
        row.label,
        row.flops,
        row.params,
        f"{row.ap:.1f}",
        formatting.quantity(best.cost.flops),
        formatting.quantity(best.cost.params),
        spread if len(results) > 1 else "-",
        str(best.cost.layers),
        "-".join(f"{count:g}" for count in stage_layers(best.structure)),
        "-".join(map(str, best.structure.widths)),
        formatting.count(best.iterations),
        formatting.score(z),
        relative,
    )


def _unsearched(row: Row, table: Table) -> tuple[str, ...]:
    assert row.reference is not None  # what was not searched is printed
    structure = ZOO[row.reference].structure
    cost, scorer = total_cost(structure, PAPER_IMAGE_SIZE), ClosedForm(Objective())
    z, relative = scorer.score([structure])[0].z, "-"
    if table.against:
        relative = f"{z / scorer.score([ZOO[table.against].structure])[0].z:.4f}"
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
        "-",
        formatting.score(z),
        relative,
    )


#: side of the images by which structures of Table 9 are measured
MEASURED_AT = 128


def by_proxies(found: Mapping[Job, Found], seeds: int, iterations: int | None) -> Sheet:
    """The structures of Table 9 by every proxy: those that the paper prints, and the best of
    ours in each row that was searched. A pass each, and a line for each proxy."""
    table, structures = TABLES["table9"], {}
    for row in table.rows:
        if row.reference is not None:
            structures[ZOO[row.reference].title] = ZOO[row.reference].structure
        if row.preset is not None:
            searches = jobs_of(row.preset, row.alphas, seeds, iterations)
            results = [found[job] for job in searches if job in found]
            if results:
                best = max(results, key=lambda one: one.score.z)
                structures[f"by {row.label}"] = best.structure
    if table.against:
        structures[ZOO[table.against].title] = ZOO[table.against].structure
    objective = Objective(MEASURED_AT)
    values = [
        formatting.score(one.z) for one in ClosedForm(Objective()).score([*structures.values()])
    ]
    rows = [("Z", *values)]
    for name in (*PROXIES, *GRADIENT_PROXIES):
        judge = make_scorer(name, "cpu", objective, Forward(batch=PROXY_BATCH))
        rows.append((name, *(_measured(judge, one) for one in structures.values())))
        close(judge)
    notes = (
        f"Z in closed form; proxies by a pass of {PROXY_BATCH} images (one of SynFlow) at "
        f"{MEASURED_AT}x{MEASURED_AT}. Higher is better by each, numbers of two rows do not "
        "compare. Of ours the best of each row above.",
    )
    return Sheet(
        "table9-proxies",
        "Structures of Table 9 by every proxy",
        ("", *structures),
        tuple(rows),
        notes,
    )


def _measured(judge: Scorer, structure: Structure) -> str:
    try:
        return formatting.score(judge.score([structure])[0].z)
    except ScoringError:
        return "none"


#: tables whose parameters the readings of "size" are judged by
JUDGED = ("table1", "table4", "table6", "table8")


def sizes_jobs(seeds: int, iterations: int | None) -> list[Job]:
    """Every search of the judged tables, under each reading of "size"."""
    return [
        job
        for size in SIZE_READINGS
        for name in JUDGED
        for job in jobs(TABLES[name], seeds, iterations, size)
        if job.preset not in PROXIES
    ]


def compare_sizes(found: Mapping[Job, Found], seeds: int, iterations: int | None) -> Sheet:
    """How far params lie from the paper's under each reading: RMS of log(ours / paper's)."""
    rows = []
    for size in SIZE_READINGS:
        errors: dict[str, list[float]] = {}
        for name in JUDGED:
            for row in TABLES[name].rows:
                if row.preset is None or row.preset in PROXIES:
                    continue
                ours = [
                    found[job].cost.params
                    for job in jobs_of(row.preset, row.alphas, seeds, iterations, size)
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
    return sqrt(sum(value * value for value in values) / len(values))
