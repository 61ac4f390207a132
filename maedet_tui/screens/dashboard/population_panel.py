"""The population: how its Z and its age are distributed, and what became of the children."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from engine.search.member import Member
from engine.snapshot import PopulationSummary
from maedet_tui import formatting
from maedet_tui.course.diversity import diversity
from maedet_tui.course.works import FATES
from maedet_tui.widgets.histogram import bars, between, binned
from maedet_tui.widgets.panel import MUTED, STRONG, Part, row
from maedet_tui.widgets.search_panels import GlyphPanel, Progress

#: members that a histogram is made of; of a larger population every so many-th
SAMPLE = 4096
_LABEL = 12


class PopulationPanel(GlyphPanel):
    """Size, Z and age of the population, and what became of the children."""

    TITLE = "Population"
    GAINS_DETAIL = True

    def parts(self, shown: Progress, width: int) -> list[Part]:
        snapshot = shown.snapshot
        if snapshot.population is None:
            parts = row("structures", "none yet", label_width=_LABEL)
        else:
            every = -(-len(snapshot.members) // SAMPLE) or 1
            members = snapshot.members[::every]
            parts = self._z(snapshot.population, members, width)
            parts += self._ages(members, snapshot.iteration, width)
        counts = snapshot.counts
        total = sum(counts.values())
        names = {**FATES, **{name: name for name in counts if name not in FATES}}
        for name, label in names.items():
            if name in counts or name == "accepted":
                n = counts.get(name, 0)
                parts += [
                    (f"{label:<{_LABEL}} ", MUTED),
                    (f"{formatting.count(n):>10}", ""),
                    (f"{formatting.percent(n, total):>8}\n", MUTED),
                ]
        if self.is_maximized and snapshot.members:
            parts += self._diversity(snapshot.members)
        return parts

    def _diversity(self, members: Sequence[Member]) -> list[Part]:
        """How many depths and widths there are of each stage."""
        found = diversity(member.structure for member in members)
        heads = "".join(f"{stage.level:>5}" for stage in found)
        depths = "".join(f"{stage.depths:>5}" for stage in found)
        widths = "".join(f"{stage.widths:>5}" for stage in found)
        return [
            (f"{'different':<{_LABEL}} {heads}\n", MUTED),
            *row("depths", depths, label_width=_LABEL),
            *row("widths", widths, label_width=_LABEL),
        ]

    def _z(
        self, population: PopulationSummary, members: Sequence[Member], width: int
    ) -> list[Part]:
        best, worst = formatting.score(population.best), formatting.score(population.worst)
        parts = row("structures", f"{population.size} of {population.capacity}", label_width=_LABEL)
        parts += row("mean Z", f"{formatting.score(population.mean):>10}", label_width=_LABEL)
        z = [member.score.z for member in members]
        if z:
            drawn = bars(
                binned(z, width, population.worst, population.best), self._rows(3), self._glyphs
            )
            parts += [(f"{line}\n", "$primary") for line in drawn]
        name = f"{self._glyphs.x_left} worst Z best {self._glyphs.x_right}"
        parts += [
            (between(worst, name, "", width - len(best)), MUTED),
            (f"{best}\n", STRONG),
        ]
        return parts

    def _ages(self, members: Sequence[Member], now: int, width: int) -> list[Part]:
        if not members:
            return []
        ages = [max(now - member.born, 0) for member in members]
        oldest, middle = max(ages), int(median(ages))
        text = f"{formatting.count(middle)}, oldest {formatting.count(oldest)}"
        parts = row("median age", text, label_width=_LABEL)
        if self.is_maximized:
            drawn = bars(binned(ages, width, 0, max(oldest, 1)), self._rows(3), self._glyphs)
            parts += [(f"{line}\n", "$accent") for line in drawn]
            axis = between("0", "age in iterations", formatting.count(oldest), width)
            parts.append((f"{axis}\n", MUTED))
        return parts

    def _rows(self, usual: int) -> int:
        """Rows of a histogram: more where the panel fills the screen."""
        if not self.is_maximized:
            return usual
        return max((self.content_size.height - 16) // 2, usual)
