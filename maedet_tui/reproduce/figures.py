"""Figures 6 and 8-10 of the paper from our searches, as SVG and PNG.

Needs matplotlib (the `figures` extra), which is imported here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from engine.scorers.closed_form import ClosedForm
from engine.settings import Objective
from engine.structure import LEVELS
from maedet_tui.files import write_atomically
from maedet_tui.reproduce.paper import TABLES, Row
from maedet_tui.reproduce.searches import Found, Job

#: figure number -> (row of Table 4, what the paper calls it)
EVOLUTIONS = {
    "figure8": (2, "single-scale entropy"),
    "figure9": (3, "multi-scale entropy (coarse)"),
    "figure10": (4, "multi-scale entropy (coarse-to-fine)"),
}
_QUANTITIES = (("layers", "# layers", 1), ("flops", "GFLOPs", 1e9), ("params", "M params", 1e6))
_STYLES = ("-", "--", "-.", ":", (0, (5, 1)))


def draw(
    names: Sequence[str],
    found: Mapping[Job, Found],
    seeds: int,
    iterations: int | None,
    folder: Path,
) -> list[Path]:
    """Draw what the tables in `names` have the searches for; the files, SVG and PNG.

    Raises SaveError where they cannot be written.
    """
    paths = []
    if "table4" in names:
        for name, (number, title) in EVOLUTIONS.items():
            row = TABLES["table4"].rows[number]
            paths += _save(_evolution(found[_job(row, 0, iterations)], title), folder / name)
    if "table8" in names:
        paths += _save(_correlations(found, seeds, iterations), folder / "figure6")
    return paths


def _job(row: Row, seed: int, iterations: int | None) -> Job:
    """The search behind a row of Table 4 or 8."""
    assert row.preset is not None  # all of these were searched
    return Job(row.preset, row.alphas, Objective().size, seed, iterations)


def _save(figure: Figure, stem: Path) -> list[Path]:
    paths = [stem.with_suffix(ending) for ending in (".svg", ".png")]
    try:
        for path in paths:
            drawn = BytesIO()
            figure.savefig(drawn, format=path.suffix[1:], dpi=150, bbox_inches="tight")
            write_atomically(path, drawn.getvalue(), option="--output")
    finally:
        plt.close(figure)
    return paths


def _evolution(found: Found, title: str) -> Figure:
    """Layers, FLOPs and params of each stage of the best against iterations (Figures 8-10)."""
    figure: Figure
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.6))
    iterations = [point.iteration for point in found.history]
    for axis, (field, label, unit) in zip(axes, _QUANTITIES, strict=True):
        for stage, (level, style) in enumerate(zip(LEVELS, _STYLES, strict=True)):
            values = [getattr(point.stage_costs[stage], field) / unit for point in found.history]
            axis.step(iterations, values, where="post", label=level, linestyle=style)
        if found.switched_at is not None:
            axis.axvline(found.switched_at, color="grey", linewidth=0.8)
            axis.annotate("fine", (found.switched_at, axis.get_ylim()[1]), va="top", color="grey")
        axis.set_xlabel("iterations")
        axis.set_ylabel(label)
        axis.set_ylim(bottom=0)
    axes[0].legend()
    figure.suptitle(f"Search with {title}")
    return figure


def correlations(
    found: Mapping[Job, Found], seeds: int, iterations: int | None
) -> list[tuple[tuple[float, ...], list[float], list[float], float]]:
    """For each ratio of weights (Table 8's and 0:0:1): the ratio, Z under it of our
    structure for every row of Table 8, the paper's AP of these rows, and Pearson's r."""
    rows = TABLES["table8"].rows
    structures = []
    for row in rows:
        searches = [found[_job(row, seed, iterations)] for seed in range(seeds)]
        structures.append(max(searches, key=lambda search: search.score.z).structure)
    ap = [row.ap for row in rows]
    results = []
    weights = [row.alphas for row in rows if row.alphas is not None]
    for alphas in (*weights, (0.0, 0.0, 0.0, 0.0, 1.0)):
        z = [score.z for score in ClosedForm(Objective(alphas=alphas)).score(structures)]
        results.append((alphas, z, ap, float(np.corrcoef(z, ap)[0, 1])))
    return results


def _correlations(found: Mapping[Job, Found], seeds: int, iterations: int | None) -> Figure:
    """The paper's AP against Z of our structures, one panel per ratio (Figure 6)."""
    figure: Figure
    figure, axes = plt.subplots(2, 4, figsize=(13, 6), sharey=True)
    for axis, (alphas, z, ap, r) in zip(axes.flat, correlations(found, seeds, iterations)):
        axis.scatter(z, ap, marker="o")
        slope, intercept = np.polyfit(z, ap, 1)
        line = np.array([min(z), max(z)])
        axis.plot(line, slope * line + intercept, linewidth=0.8, color="grey")
        ratio = ":".join(f"{alpha:g}" for alpha in alphas[2:])
        axis.set_title(f"{ratio}   r = {r:.2f}")
    for axis in axes[:, 0]:
        axis.set_ylabel("AP (the paper's)")
    for axis in axes[-1]:
        axis.set_xlabel("Z (ours)")
    figure.suptitle("AP of Table 8 against the entropy of our structure for each row")
    figure.tight_layout()
    return figure
