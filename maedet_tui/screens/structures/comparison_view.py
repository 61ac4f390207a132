"""Draws a comparison: numbers, and the blocks level by level."""

from __future__ import annotations

from dataclasses import dataclass

from maedet_tui.structures.comparison import Comparison, block_lines, legend, number_lines
from maedet_tui.structures.lines import Line, layout, least_width
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part, paragraph

_STYLES = {
    "head": STRONG,
    "chosen": "bold $primary",
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


@dataclass(frozen=True)
class Sheet:
    """A comparison as tables. differing: only the blocks that differ. against: numbers as
    differences to the chosen structure's."""

    comparison: Comparison
    differing: bool = False
    against: bool = False

    @property
    def numbers(self) -> list[Line]:
        """Rows of costs, entropies and scores."""
        return self._rows(number_lines(self.comparison))

    @property
    def blocks(self) -> list[Line]:
        """Rows of the blocks, all of them."""
        shown = self.comparison
        return self._rows(block_lines([item.structure for item in shown.items], shown.chosen))

    def _rows(self, lines: list[Line]) -> list[Line]:
        return [line.as_differences() for line in lines] if self.against else lines


class NumbersView(Panel[Sheet]):
    """Costs, entropies, scores, the paper's AP, and what all of that is."""

    TITLE = "Costs, entropies, scores"
    USUAL_WIDTH = 76

    def show(self, shown: Sheet) -> None:
        self.styles.min_width = least_width(len(shown.comparison.items)) + 4
        super().show(shown)

    def parts(self, shown: Sheet, width: int) -> list[Part]:
        names, chosen = shown.comparison.names, shown.comparison.chosen
        rows = layout(shown.numbers, names, width, shown.blocks, chosen)
        said = legend(shown.comparison)
        if shown.against:
            said.insert(1, f"Numbers of the others are differences to {names[chosen]}.")
        told = [paragraph(sentence, width, MUTED) for sentence in said]
        return [*_styled(rows), ("\n", ""), *told]


class BlocksView(Panel[Sheet]):
    """The structures' blocks, each property of a level in a row."""

    USUAL_WIDTH = 76

    def show(self, shown: Sheet) -> None:
        self.styles.min_width = least_width(len(shown.comparison.items)) + 4
        super().show(shown)

    def parts(self, shown: Sheet, width: int) -> list[Part]:
        names, chosen = shown.comparison.names, shown.comparison.chosen
        lines = shown.blocks
        if shown.differing:
            # a difference is one, however it is written
            plain = Sheet(shown.comparison).blocks
            lines = [line for line, one in zip(lines, plain) if one.differs]
            if not lines:
                return [("the same blocks in all of them\n", MUTED)]
        return _styled(layout(lines, names, width, shown.numbers, chosen))
