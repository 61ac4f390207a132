"""Panels on how the search goes: progress, population, budgets."""

from __future__ import annotations

from dataclasses import dataclass

from engine.settings import Preset
from engine.snapshot import Snapshot
from maedet_tui import formatting
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part, row

#: `Snapshot.counts` in the order and words in which they are shown
COUNTS = {
    "accepted": "accepted",
    "flops": "over FLOPs",
    "params": "over params",
    "layers": "over layers",
    "depth": "too deep",
    "duplicate": "duplicates",
    "worse": "worse",
}

#: `Snapshot.phase` in words
PHASES = {
    "coarse": "coarse mutation",
    "fine": "fine mutation",
    "checking": "checking the result",
}


@dataclass(frozen=True)
class Progress:
    """A preset and the newest snapshot of its search."""

    preset: Preset
    snapshot: Snapshot


def bar(share: float, width: int, glyphs: Glyphs, mark: float | None = None) -> str:
    """A bar filled to `share`, with a tick at `mark`."""
    filled = round(min(max(share, 0.0), 1.0) * width)
    cells = [glyphs.full] * filled + [glyphs.empty] * (width - filled)
    if mark is not None and 0 < mark < 1:
        cells[min(int(mark * width), width - 1)] = glyphs.tick
    return "".join(cells)


class _GlyphPanel(Panel[Progress]):
    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters


class SearchPanel(_GlyphPanel):
    """Phase, iteration of T, rate, time left, scorer."""

    TITLE = "Search"

    def parts(self, shown: Progress, width: int) -> list[Part]:
        s, schedule = shown.snapshot, shown.preset.schedule
        share = s.iteration / s.iterations if s.iterations else 0.0
        phase = PHASES.get(s.phase, s.phase)
        if s.switched_at is not None and s.phase == "fine":
            phase += f", from {formatting.short_quantity(s.switched_at)}"
        length = max(width - 8, 4)
        left = "" if s.eta is None or s.ended else f", {formatting.duration(s.eta)} left"
        return [
            *row("phase", phase, STRONG),
            *row(
                "iteration",
                f"{formatting.count(s.iteration)} of {formatting.count(s.iterations)}",
            ),
            (bar(share, length, self._glyphs, schedule.fine_at), "$primary"),
            (f" {100 * share:5.1f} %\n", ""),
            *row("rate", formatting.rate(s.rate)),
            *row("time", formatting.duration(s.seconds) + left),
            *row("scorer", s.scorer, width=width),
        ]


class PopulationPanel(_GlyphPanel):
    """Size and Z of the population, and what became of the children."""

    TITLE = "Population"

    def parts(self, shown: Progress, width: int) -> list[Part]:
        population, counts = shown.snapshot.population, shown.snapshot.counts
        parts: list[Part] = []
        if population is None:
            parts += row("structures", "none yet", label_width=12)
        else:
            parts += row(
                "structures", f"{population.size} of {population.capacity}", label_width=12
            )
            parts += row(
                "best Z", f"{formatting.score(population.best):>10}", STRONG, label_width=12
            )
            parts += row("mean Z", f"{formatting.score(population.mean):>10}", label_width=12)
            parts += row("worst Z", f"{formatting.score(population.worst):>10}", label_width=12)
        total = sum(counts.values())
        names = {**COUNTS, **{name: name for name in counts if name not in COUNTS}}
        for name, label in names.items():
            if name in counts or name == "accepted":
                n = counts.get(name, 0)
                parts += [
                    (f"{label:<12} ", MUTED),
                    (f"{formatting.count(n):>10}", ""),
                    (f"{formatting.percent(n, total):>8}\n", MUTED),
                ]
        return parts


class BudgetPanel(_GlyphPanel):
    """How much of each budget the best structure uses."""

    TITLE = "Budget used by the best"

    def parts(self, shown: Progress, width: int) -> list[Part]:
        budget, best = shown.preset.budget, shown.snapshot.best
        parts: list[Part] = []
        for label, limit, used in (
            ("FLOPs", budget.flops, best.cost.flops if best else None),
            ("params", budget.params, best.cost.params if best else None),
            ("layers", budget.layers, best.cost.layers if best else None),
        ):
            of = "no limit" if limit is None else f"of {formatting.short_quantity(limit)}"
            text = f"{'-' if used is None else formatting.quantity(used):>6} {of:<9}"
            length = max(width - 8 - len(text), 3)
            full = bar((used or 0) / limit, length, self._glyphs) if limit else " " * length
            over = bool(limit and used and used > limit)
            parts += [
                (f"{label:<7}", MUTED),
                (full, "$error" if over else "$primary"),
                (f" {text}\n", "bold $error" if over else ""),
            ]
        return parts
