"""Panels on what the search found out: audit, new bests, notices, final ranking."""

from __future__ import annotations

from textwrap import wrap

from engine.snapshot import Audit, NewBest, Ranked
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
    GAINS_DETAIL = True
    MOST = 8

    def parts(self, shown: tuple[NewBest, ...], width: int) -> list[Part]:
        parts: list[Part] = []
        most = max(self.content_size.height, 1) if self.is_maximized else self.MOST
        for new in reversed(shown[-most:]):
            z = f" {formatting.score(new.z):>9}" if width >= 46 else ""
            head = f"{formatting.count(new.iteration):>7}{z}  "
            # a number that is cut would be another one
            lines = wrap(new.origin, max(width - len(head), 10)) or [""]
            below = "\n" + " " * len(head)
            parts += [(head, MUTED), (f"{below.join(lines)}\n", "")]
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
