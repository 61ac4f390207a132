"""How a search ended, above what it found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.snapshot import Candidate, Snapshot
from maedet_tui import formatting, summary
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, Panel, Part, paragraph


@dataclass(frozen=True)
class Reference:
    """Another structure: what it is called, its Z, and what it costs at the same image size."""

    title: str
    z: float
    flops: int


@dataclass(frozen=True)
class Ending:
    """An ended search. reference: a structure whose Z compares with that of its best. advice:
    what a person would not train about that."""

    snapshot: Snapshot
    run_dir: Path
    reference: Reference | None = None
    advice: tuple[str, ...] = ()


#: from this width on, an ending says where things are and which keys lead on
ROOM = 100
KEYS = "h goes home, v shows the best, S saves it in any format, R writes a report, q quits."
#: how far FLOPs may lie apart, as a share, for two structures to be of one budget
ALIKE = 0.05


class SummaryPanel(Panel[Ending]):
    """How a search ended."""

    USUAL_WIDTH = 110

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def parts(self, shown: Ending, width: int) -> list[Part]:
        """Two lines where there is little room, for what there is to see is below them."""
        snapshot = shown.snapshot
        work = (
            f"{formatting.count(snapshot.iteration)} iterations in "
            f"{formatting.duration(snapshot.seconds)}"
        )
        room = width >= ROOM
        closes = "" if room else " (c closes this)"
        if snapshot.state == "failed":
            head = f"{self._glyphs.failed} The search failed after {work}.{closes}"
            parts = [
                paragraph(head, width, "bold $error"),
                paragraph(snapshot.error or "No reason was given.", width),
            ]
        else:
            how = "finished" if snapshot.state == "finished" else "was stopped"
            head = f"{self._glyphs.finished} The search {how} after {work}.{closes}"
            parts = [paragraph(head, width, "bold $success")]
            if checked := self._checked(snapshot, width - len(head)):
                parts = [(head, "bold $success"), *checked, ("\n", "")]
        if snapshot.best is None:
            return parts
        best = f"Best Z {formatting.score(snapshot.best.score.z)}"
        known, against = self._known(snapshot), self._against(shown, snapshot.best)
        where = f"Results are in {shown.run_dir}."
        if room and known:
            keys = f"{where} {KEYS}" if len(where + KEYS) < width else KEYS
            found = f"{best}{known}{against}."
            lines = [found] if keys is not KEYS else [f"{found} {where}"]
            return [
                *parts,
                *(paragraph(one, width) for one in lines),
                *(paragraph(line, width, "$warning") for line in shown.advice),
                paragraph(keys, width, MUTED),
            ]
        if room:
            text = f"{best}, found at iteration {formatting.count(snapshot.best_iteration)}"
            parts.append(paragraph(f"{text}{against}. {where}", width))
            parts += [paragraph(line, width, "$warning") for line in shown.advice]
            parts.append(paragraph(KEYS, width, MUTED))
            return parts
        # what there is room for; the terminal says more once the screen has closed
        text = best
        for more in (known, against, f"; in {shown.run_dir}"):
            text += more if len(text + more) <= width else ""
        return [*parts, paragraph(text, width)]

    def _checked(self, snapshot: Snapshot, room: int) -> list[Part]:
        """What passes made of the closed form, beside how the search ended: the panel that says
        more may be off the screen."""
        audit = snapshot.audit
        if audit is None:
            return []
        error = f"{self._glyphs.plus_minus} {audit.error:.2f}"
        measured = f"{formatting.score(audit.measured)} {error}"
        said = f" Passes agree: {measured} for {formatting.score(audit.predicted)}."
        if audit.discrepant:
            said = f" DISCREPANT: passes measured {measured}."
        style = "bold $error" if audit.discrepant else "$success"
        return [(said, style)] if len(said) <= room else []

    @staticmethod
    def _known(snapshot: Snapshot) -> str:
        """How far the best is from the best possible, where that is known."""
        bound = snapshot.bound
        return "" if bound is None or bound.gap is None else f", {summary.bound(bound)}"

    def _against(self, shown: Ending, best: Candidate) -> str:
        """How far the best is from a structure that is known, and what that costs if it costs
        something else: then its Z is higher or lower for that reason already."""
        other = shown.reference
        if other is None:
            return ""
        off = 100 * (best.score.z - other.z) / abs(other.z)
        text = f", {abs(off):.1f} % {'above' if off >= 0 else 'below'} {other.title}"
        if abs(best.cost.flops / other.flops - 1) < ALIKE:
            return text
        ours, theirs = (formatting.quantity(n) for n in (best.cost.flops, other.flops))
        return f"{text} ({theirs} FLOPs against {ours})"
