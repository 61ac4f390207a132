"""Draws a comparison: numbers, and the blocks level by level."""

from __future__ import annotations

from dataclasses import dataclass

from maedet_tui.structures.comparison import (
    Comparison,
    block_lines,
    layout,
    least_width,
    legend,
    number_lines,
)
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part, paragraph

_STYLES = {
    "head": STRONG,
    "label": MUTED,
    "level": STRONG,
    "same": "",
    "other": "bold $warning",
    "best": "bold $success",
}


def _styled(rows: list[list[tuple[str, str]]]) -> list[Part]:
    parts: list[Part] = []
    for row in rows:
        parts += [(text, _STYLES[role]) for text, role in row]
        parts.append(("\n", ""))
    return parts


class NumbersView(Panel[Comparison]):
    """Costs, entropies, scores, the paper's AP, and what all of that is."""

    TITLE = "Costs, entropies, scores"
    USUAL_WIDTH = 76

    def show(self, shown: Comparison) -> None:
        self.styles.min_width = least_width(len(shown.items)) + 4
        super().show(shown)

    def parts(self, shown: Comparison, width: int) -> list[Part]:
        blocks = block_lines([item.structure for item in shown.items])
        rows = layout(number_lines(shown), shown.names, width, blocks)
        told = [paragraph(sentence, width, MUTED) for sentence in legend(shown)]
        return [*_styled(rows), ("\n", ""), *told]


@dataclass(frozen=True)
class Blocks:
    """The blocks of a comparison; differing: only what differs."""

    comparison: Comparison
    differing: bool


class BlocksView(Panel[Blocks]):
    """The structures' blocks, each property of a level in a row."""

    USUAL_WIDTH = 76

    def show(self, shown: Blocks) -> None:
        self.styles.min_width = least_width(len(shown.comparison.items)) + 4
        super().show(shown)

    def parts(self, shown: Blocks, width: int) -> list[Part]:
        lines = block_lines([item.structure for item in shown.comparison.items])
        if shown.differing:
            lines = [line for line in lines if line.differs]
            if not lines:
                return [("the same blocks in all of them\n", MUTED)]
        beside = number_lines(shown.comparison)
        return _styled(layout(lines, shown.comparison.names, width, beside))
