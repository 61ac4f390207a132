"""Panels on what the search found out: audit, notices, final ranking, and how it ended."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

from engine.snapshot import Audit, Ranked, Snapshot
from maedet_tui import formatting
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part, end, row


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
            parts.append((f"{shown.detail}\n", MUTED))
        return end(parts)


class NoticesPanel(Panel[tuple[str, ...]]):
    """What the user should know, newest first."""

    TITLE = "Notices"

    def parts(self, shown: tuple[str, ...], width: int) -> list[Part]:
        return end(
            [
                (
                    fill(notice, max(width, 12), initial_indent="- ", subsequent_indent="  ")
                    + "\n",
                    "",
                )
                for notice in reversed(shown)
            ]
        )


class RankingPanel(Panel[tuple[Ranked, ...]]):
    """The final structures, scored again; those that chance could swap are called tied."""

    TITLE = "Final ranking, scored again"

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def parts(self, shown: tuple[Ranked, ...], width: int) -> list[Part]:
        parts: list[Part] = [(f"{'':2} {'Z':>9} {'':8}{'FLOPs':>7}{'params':>7}\n", MUTED)]
        for place, ranked in enumerate(shown, 1):
            candidate = ranked.candidate
            error = f"{self._glyphs.plus_minus}{candidate.score.z_error:.2f}"
            parts += [
                (f"{place:>2} ", MUTED),
                (f"{formatting.score(candidate.score.z):>9} ", STRONG if place == 1 else ""),
                (f"{error:<8}", MUTED),
                (f"{formatting.quantity(candidate.cost.flops):>7}", ""),
                (f"{formatting.quantity(candidate.cost.params):>7}\n", ""),
            ]  # fmt: skip
            if ranked.tied:
                parts.append((f"   tied with number {place - 1}\n", "$warning"))
        return end(parts)


def summary(
    snapshot: Snapshot, run_dir: Path, reference: tuple[str, float] | None, glyphs: Glyphs
) -> list[Part]:
    """How an ended search ended, in two or three lines.

    reference: title and Z of the paper's structure, where Z is comparable.
    """
    parts: list[Part] = []
    work = (
        f"{formatting.count(snapshot.iteration)} iterations in "
        f"{formatting.duration(snapshot.seconds)}"
    )
    if snapshot.state == "failed":
        parts += [(f"{glyphs.failed} The search failed after {work}.\n", "bold $error"),
                  (f"{snapshot.error or 'No reason was given.'}\n", "")]  # fmt: skip
    else:
        word = "finished" if snapshot.state == "finished" else "was stopped"
        parts.append((f"{glyphs.finished} The search {word} after {work}.\n", "bold $success"))
    best = snapshot.best
    if best is None:
        return end(parts)
    text = (
        f"Best Z {formatting.score(best.score.z)}, found at iteration "
        f"{formatting.count(snapshot.best_iteration)}"
    )
    if reference is not None:
        title, z = reference
        off = 100 * (best.score.z - z) / abs(z)
        text += f": {abs(off):.1f} % {'above' if off >= 0 else 'below'} {title}"
    if snapshot.state == "failed":
        text += ", before it failed"
    return end([*parts, (f"{text}.\nResults are in {run_dir}.\n", "")])
