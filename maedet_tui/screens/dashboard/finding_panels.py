"""Panels on what the search found out: audit, notices, final ranking, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

from engine.snapshot import Audit, NewBest, Ranked, Snapshot
from maedet_tui import formatting
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part, paragraph, row


class AuditPanel(Panel[Audit]):
    """The closed form of a new best beside what forward passes measured."""

    TITLE = "Closed form, checked by passes"

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def parts(self, shown: Audit, width: int) -> list[Part]:
        off = shown.predicted - shown.measured
        error = f"{self._glyphs.plus_minus} {shown.error:.2f}"
        share = f" ({100 * off / shown.measured:+.2f} %)" if shown.measured else ""
        if shown.discrepant:
            verdict = (f"{self._glyphs.warning} DISCREPANT: more than 4 errors apart\n",
                       "bold $error")  # fmt: skip
        else:
            verdict = (f"{self._glyphs.finished} they agree\n", "$success")
        waiting = f", {shown.waiting} waiting" if shown.waiting else ""
        parts = [
            *row("predicted", f"{formatting.score(shown.predicted):>10}", STRONG),
            *row("measured", f"{formatting.score(shown.measured):>10} {error}"),
            *row("difference", f"{off:>+10.2f}{share}"),
            verdict,
            (f"{shown.passes} passes, best of {formatting.count(shown.iteration)}\n", MUTED),
            (f"{shown.audited} checked{waiting}\n", MUTED),
        ]
        if shown.detail:
            parts.append(paragraph(shown.detail, width, MUTED))
        return parts


class BestsPanel(Panel[tuple[NewBest, ...]]):
    """The latest changes of the best and the mutations that made them, newest first;
    as many as there is room for where it fills the screen."""

    TITLE = "New bests"
    MOST = 8

    def parts(self, shown: tuple[NewBest, ...], width: int) -> list[Part]:
        parts: list[Part] = []
        most = max(self.content_size.height, 1) if self.is_maximized else self.MOST
        for new in reversed(shown[-most:]):
            z = f" {formatting.score(new.z):>9}" if width >= 46 else ""
            room = max(width - 9 - len(z), 10)
            parts += [
                (f"{formatting.count(new.iteration):>7}{z}  ", MUTED),
                (f"{new.origin[:room]}\n", ""),
            ]
        return parts


class NoticesPanel(Panel[tuple[str, ...]]):
    """What the user should know, newest first."""

    TITLE = "Notices"

    def parts(self, shown: tuple[str, ...], width: int) -> list[Part]:
        parts: list[Part] = []
        for notice in reversed(shown):
            first, *rest = wrap(notice, max(width - 2, 10)) or [""]
            parts.append(("\n  ".join([f"- {first}", *rest]) + "\n", ""))
        return parts


class RankingPanel(Panel[tuple[Ranked, ...]]):
    """The final structures, scored again; those that chance could swap are called tied."""

    TITLE = "Final ranking, scored again"

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def parts(self, shown: tuple[Ranked, ...], width: int) -> list[Part]:
        parts: list[Part] = [(f"{'':2} {'Z':>9} {'':6}{'FLOPs':>7}{'params':>7}\n", MUTED)]
        for place, ranked in enumerate(shown, 1):
            candidate = ranked.candidate
            error = f"{self._glyphs.plus_minus}{candidate.score.z_error:.2f}"
            parts += [
                (f"{place:>2} ", MUTED),
                (f"{formatting.score(candidate.score.z):>9} ", STRONG if place == 1 else ""),
                (f"{error:<6}", MUTED),
                (f"{formatting.quantity(candidate.cost.flops):>7}", ""),
                (f"{formatting.quantity(candidate.cost.params):>7}\n", ""),
            ]  # fmt: skip
            if ranked.tied:
                parts.append((f"   tied with number {place - 1}\n", "$warning"))
        return parts


@dataclass(frozen=True)
class Ending:
    """An ended search. reference: title and Z of a structure whose Z compares with its best."""

    snapshot: Snapshot
    run_dir: Path
    reference: tuple[str, float] | None = None


class SummaryPanel(Panel[Ending]):
    """How a search ended."""

    USUAL_WIDTH = 110

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def parts(self, shown: Ending, width: int) -> list[Part]:
        snapshot = shown.snapshot
        work = (
            f"{formatting.count(snapshot.iteration)} iterations in "
            f"{formatting.duration(snapshot.seconds)}"
        )
        if snapshot.state == "failed":
            head = f"{self._glyphs.failed} The search failed after {work}."
            parts = [
                paragraph(head, width, "bold $error"),
                paragraph(snapshot.error or "No reason was given.", width),
            ]
        else:
            how = "finished" if snapshot.state == "finished" else "was stopped"
            head = f"{self._glyphs.finished} The search {how} after {work}."
            parts = [paragraph(head, width, "bold $success")]
        if snapshot.best is not None:
            parts.append(paragraph(self._best(shown, snapshot.best.score.z), width))
            parts.append(paragraph(f"Results are in {shown.run_dir}.", width))
            keys = "h goes home, v shows the best, S saves it in any format, q quits."
            parts.append(paragraph(keys, width, MUTED))
        return parts

    def _best(self, shown: Ending, z: float) -> str:
        text = (
            f"Best Z {formatting.score(z)}, found at iteration "
            f"{formatting.count(shown.snapshot.best_iteration)}"
        )
        if shown.reference is not None:
            title, other = shown.reference
            off = 100 * (z - other) / abs(other)
            text += f": {abs(off):.1f} % {'above' if off >= 0 else 'below'} {title}"
        return f"{text}."
