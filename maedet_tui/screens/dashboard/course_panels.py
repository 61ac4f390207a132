"""Panels on how the best came to be: which mutations work, and its lineage."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from engine.search.ancestry import Ancestor
from maedet_tui import formatting
from maedet_tui.course import works
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part, paragraph
from maedet_tui.widgets.search_panels import GlyphPanel, Progress

#: from this width on, lines have all of their columns
ROOM = 76
EXPLAINED = (
    "A child counts by what was changed first; several: by a trade or further mutations too."
)


class WorksPanel(GlyphPanel):
    """Children tried, accepted and best by what was changed, and what refuses most; by stage too
    where it fills the screen."""

    TITLE = "What works"
    GAINS_DETAIL = True

    def parts(self, shown: Progress, width: int) -> list[Part]:
        tally = shown.snapshot.tally
        if not tally:
            said = "Nothing is recorded of what the mutations of this search came to."
            return [paragraph(said, width, MUTED)]
        wide = width >= ROOM
        fields = works.by_field(tally)
        parts = [_heading(wide), *_rows(fields, wide)]
        refused = works.refuses_most(shown.snapshot.counts)
        if refused is not None and not wide:
            parts.append(paragraph(f"refused most: {refused}", width))
        if not self.is_maximized:
            return parts
        stages, both = works.by_stage(tally), works.by_both(tally)
        explained = paragraph(EXPLAINED, width, MUTED)
        parts += [("\n", ""), *_rows(stages, wide)]
        used = sum(text.count("\n") for text, _ in (*parts, explained)) + 1
        # where there is no room for all, those that made most of the new bests
        room = max(self.content_size.height - used, 0)
        kept = sorted(both, key=lambda line: -line.bests)[:room]
        both = [line for line in both if line in kept]
        return [*parts, *([("\n", "")] if both else []), *_rows(both, wide), explained]


def _heading(wide: bool) -> Part:
    head = f"{'':<14}{'tried':>11}{'accepted':>11}{'':>8}{'new bests':>10}  most refused"
    return (f"{head}\n" if wide else f"{'':<10}{'tried':>8}{'accepted':>9}{'best':>6}\n", MUTED)


def _rows(lines: Sequence[works.Line], wide: bool) -> list[Part]:
    parts: list[Part] = []
    for line in lines:
        share = formatting.percent(line.accepted, line.tried)
        if wide:
            parts += [
                (f"{line.name:<14}", MUTED),
                (f"{line.tried:>11,}{line.accepted:>11,}{share:>8}", ""),
                (f"{line.bests:>10,}", STRONG),
                (f"  {works.refuses_most(line.fates) or '-'}\n", MUTED),
            ]
        else:
            parts += [
                (f"{line.name:<10}", MUTED),
                (f"{formatting.quantity(line.tried):>8}{share:>9}", ""),
                (f"{formatting.quantity(line.bests):>6}\n", STRONG),
            ]
    return parts


class LineagePanel(Panel[Sequence[Ancestor]]):
    """The mutations that made the best out of the initial structure, newest first; of more steps
    than there is room for, the oldest too."""

    TITLE = "Lineage of the best"
    GAINS_DETAIL = True

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def parts(self, shown: Sequence[Ancestor], width: int) -> list[Part]:
        if not shown:
            return [paragraph("Nothing is known of where the best comes from.", width, MUTED)]
        room = max(self.content_size.height, 3)
        told = [_step(step, before, width) for step, before in zip(shown, (None, *shown))]
        if shown[0].parent is not None:
            told.insert(0, [paragraph("What was before is not recorded.", width, MUTED)])
        told.reverse()
        if sum(map(_lines, told)) <= room:
            return [part for step in told for part in step]
        *others, oldest = told
        parts, left = [], room - 1 - _lines(oldest)
        while others and _lines(others[0]) <= left:
            left -= _lines(others[0])
            parts += others.pop(0)
        between = f"{self._glyphs.cut} {formatting.count(len(others))} steps between\n"
        return [*parts, (between, MUTED), *oldest]


def _step(step: Ancestor, before: Ancestor | None, width: int) -> list[Part]:
    gain = f"{step.z - before.z:>+10.2f}" if before is not None else f"{'':>10}"
    head = f"{formatting.count(step.born):>11}"
    z = f"{formatting.score(step.z):>11}" + (gain if width >= 60 else "") + "  "
    lines = wrap(step.origin, max(width - len(head + z), 10)) or [""]
    below = "\n" + " " * len(head + z)
    return [(head, MUTED), (z, STRONG), (f"{below.join(lines)}\n", "")]


def _lines(parts: Sequence[Part]) -> int:
    return sum(text.count("\n") for text, _ in parts)
