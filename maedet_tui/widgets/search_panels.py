"""Panels on how the search goes: progress, budgets, stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.scorers.objective import z_parts
from engine.settings import Preset
from engine.snapshot import Snapshot
from engine.structure import LEVELS
from maedet_tui import formatting, summary
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part, paragraph, row

Formatter = Callable[[float], str]

#: `Snapshot.phase` in words
PHASES = {
    "coarse": "coarse mutation",
    "fine": "fine mutation",
    "bounding": "bounding skeletons",
    "branching": "dividing widths",
    "checking": "checking the result",
    "timing": "measuring latencies",
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


class GlyphPanel(Panel[Progress]):
    """A panel on progress that draws."""

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters


#: seconds of searching for which rate and time stay: read, not watched, they need no more
CALM = 0.3


class SearchPanel(GlyphPanel):
    """Phase, iteration of T, rate, time left, distance from the best possible, scorer."""

    TITLE = "Search"
    _calm: Snapshot | None = None

    def _paced(self, s: Snapshot) -> Snapshot:
        """The snapshot whose rate and time are on show."""
        shown = self._calm
        if shown is None or shown.state != s.state or not 0 <= s.seconds - shown.seconds < CALM:
            self._calm = shown = s
        return shown

    def parts(self, shown: Progress, width: int) -> list[Part]:
        s, schedule = shown.snapshot, shown.preset.schedule
        share = s.iteration / s.iterations if s.iterations else 0.0
        phase = PHASES[s.phase]
        if s.progress is not None:
            phase += f", {s.progress.done}/{s.progress.of}"
        if s.switched_at is not None and s.phase == "fine":
            phase += f", from {formatting.short_quantity(s.switched_at)}"
        length = max(width - 8, 4)
        calm = self._paced(s)
        fine_at = None if schedule.exact else schedule.fine_at
        left = "" if calm.eta is None or s.ended else f", {formatting.duration(calm.eta)} left"
        return [
            *row("phase", phase, STRONG),
            *row(
                "iteration",
                f"{formatting.count(s.iteration)} of {formatting.count(s.iterations)}",
            ),
            (bar(share, length, self._glyphs, fine_at), "$primary"),
            (f" {100 * share:5.1f} %\n", ""),
            *row("rate", formatting.rate(calm.rate)),
            *row("time", formatting.duration(calm.seconds) + left),
            *self._bound(s, width),
            *row("scorer", s.scorer, width=width),
        ]

    @staticmethod
    def _bound(s: Snapshot, width: int) -> list[Part]:
        """How far the best is from the best possible, where that can be known."""
        if s.bound is None:
            return []
        if s.bound.gap is None:
            return row("bound", "not found in time" if s.ended else "is being computed")
        return row("best Z is", summary.bound(s.bound), width=width)


class BudgetPanel(GlyphPanel):
    """How much of each budget the best structure uses."""

    TITLE = "Budget used by the best"

    def parts(self, shown: Progress, width: int) -> list[Part]:
        budget, best = shown.preset.budget, shown.snapshot.best
        quantity, short = formatting.quantity, formatting.short_quantity
        cost = best.cost if best else None
        rows: list[tuple[str, float | None, float | None, Formatter, Formatter]] = [
            ("FLOPs", budget.flops, cost and cost.flops, quantity, short),
            ("params", budget.params, cost and cost.params, quantity, short),
            ("layers", budget.layers, cost and cost.layers, quantity, short),
        ]
        if budget.latency is not None:
            latency, ms = shown.snapshot.latency, formatting.milliseconds
            predicted = latency.predicted if latency else None
            rows.append(("latency", budget.latency, predicted, ms, ms))
            if latency and latency.measured is not None:
                rows.append(("timed", latency.limit, latency.measured, ms, ms))
        parts = [part for row in rows for part in self._gauge(*row, width)]
        return parts + self._worth(shown.snapshot, width)

    @staticmethod
    def _worth(snapshot: Snapshot, width: int) -> list[Part]:
        """What more of the budgets would buy, once the optimum is known."""
        bound = snapshot.bound
        if bound is None or bound.value is None:
            return []
        said = [summary.worth(one, bound.value, brief=True) for one in bound.worth]
        return [paragraph(one, width, MUTED) for one in said]

    def _gauge(
        self,
        label: str,
        limit: float | None,
        used: float | None,
        format_used: Formatter,
        format_limit: Formatter,
        width: int,
    ) -> list[Part]:
        of = "no limit" if limit is None else f"of {format_limit(limit)}"
        text = f"{'-' if used is None else format_used(used):>6} {of:<9}"
        length = max(width - 9 - len(text), 3)
        full = bar((used or 0) / limit, length, self._glyphs) if limit else " " * length
        over = bool(limit and used and used > limit)
        return [
            (f"{label:<7}", MUTED),
            (self._glyphs.warning if over else " ", "bold $error"),
            (full, "$error" if over else "$primary"),
            (f" {text}\n", "bold $error" if over else ""),
        ]


class StagesPanel(GlyphPanel):
    """What each stage of the best structure contributes to Z."""

    TITLE = "Z of the best, by stage"

    def parts(self, shown: Progress, width: int) -> list[Part]:
        best, glyphs = shown.snapshot.best, self._glyphs
        if best is None:
            return [("none yet\n", MUTED)]
        if not best.score.is_entropy:
            return [paragraph("This score is no entropy and has no parts.", width, MUTED)]
        contributions = z_parts(shown.preset.objective, best.structure, best.score.entropies)
        most = max(contributions) or 1.0
        length = max(width - 23, 4)
        parts: list[Part] = []
        for i, (level, part) in enumerate(zip(LEVELS, contributions)):
            share = formatting.percent(part, best.score.z) if part else "-"
            filled = glyphs.full * round(max(part, 0.0) / most * length)
            parts += [
                (f"{glyphs.markers[i]} {level} ", f"bold $stage-{i + 1}"),
                (f"{filled:<{length}}", f"$stage-{i + 1}"),
                (f"{formatting.score(part) if part else '-':>10}", ""),
                (f"{share:>8}\n", MUTED),
            ]
        return parts
