"""Draws the structures of a comparison side by side, to one scale: as towers, or as bars."""

from __future__ import annotations

from textwrap import wrap

from engine.costs import stage_costs
from engine.structure import LEVELS, Block
from maedet_tui import formatting
from maedet_tui.structures.comparison import Comparison
from maedet_tui.structures.lines import least_width
from maedet_tui.structures.shape import inner_width
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part, paragraph
from maedet_tui.widgets.search_panels import bar

#: rows that towers are drawn in where that can be
ROOM = 36


class _Drawing(Panel[Comparison]):
    USUAL_WIDTH = 76

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def show(self, shown: Comparison) -> None:
        self.styles.min_width = least_width(len(shown.items)) + 4
        super().show(shown)


class TowersView(_Drawing):
    """A column each; a level begins and ends at the same rows in all of them."""

    TITLE = "Towers"

    def parts(self, shown: Comparison, width: int) -> list[Part]:
        structures = [item.structure for item in shown.items]
        room = max((width - 3) // len(structures) - 1, 4)
        widest = max(
            max(block.out_channels, inner_width(block))
            for one in structures
            for block in one.blocks
        )
        units = self._units(shown)
        parts = self._heads(shown, room)
        for number, level in enumerate(LEVELS):
            style = f"$stage-{number + 1}"
            columns = [
                [
                    self._bar(block, room / widest)
                    for block in one.stages[number]
                    for _ in range(-(-block.depth // units))
                ]
                for one in structures
            ]
            rows = max(map(len, columns))
            # at their last blocks, as the rows of the tables above
            columns = [[""] * (rows - len(column)) + column for column in columns]
            for row in range(rows):
                parts.append((f"{level if row == 0 else '':<2} ", f"bold {style}"))
                parts += [(f"{column[row]:<{room}} ", style) for column in columns]
                parts.append(("\n", ""))
        block, shade = self._glyphs.block, self._glyphs.shade
        said = (
            f"channels, a cell is {widest / room:.3g}: {block} inside the bottlenecks, {shade} put "
            f"out; a row is {'1 bottleneck' if units == 1 else f'{units} bottlenecks'}"
        )
        return [*parts, ("\n", ""), paragraph(said, width, MUTED)]

    def _units(self, shown: Comparison) -> int:
        """The least number of bottlenecks in one row with which all levels fit ROOM rows."""
        stages = [item.structure.stages for item in shown.items]
        deepest = max(block.depth for one in stages for stage in one for block in stage)

        def rows(units: int) -> int:
            return sum(
                max(sum(-(-block.depth // units) for block in one[number]) for one in stages)
                for number in range(len(LEVELS))
            )

        return next((n for n in range(1, deepest) if rows(n) <= ROOM), deepest)

    def _heads(self, shown: Comparison, room: int) -> list[Part]:
        names = [wrap(formatting.printable(name), room) or [""] for name in shown.names]
        parts: list[Part] = []
        for row in range(max(map(len, names))):
            parts.append(("   ", ""))
            for place, name in enumerate(names):
                style = "bold $primary" if place == shown.chosen else STRONG
                parts.append((f"{name[row] if row < len(name) else '':<{room}} ", style))
            parts.append(("\n", ""))
        return parts

    def _bar(self, block: Block, cells_a_channel: float) -> str:
        inner = inner_width(block)
        outer = max(round(block.out_channels * cells_a_channel), 1)
        filled = max(round(inner * cells_a_channel), 1) if inner else 0
        return self._glyphs.block * filled + self._glyphs.shade * max(outer - filled, 0)


class StageBars(_Drawing):
    """FLOPs, parameters and entropy of each stage, the structures below one another."""

    TITLE = "Stages"

    def parts(self, shown: Comparison, width: int) -> list[Part]:
        costs = [stage_costs(item.structure, shown.image_size) for item in shown.items]
        entropies = [score.entropies if score else None for score in shown.scores]
        columns = {
            "FLOPs": [[float(stage.flops) for stage in one] for one in costs],
            "params": [[float(stage.params) for stage in one] for one in costs],
            "H": [list(one) if one else [0.0] * len(LEVELS) for one in entropies],
        }
        named = min(max(map(len, shown.names)), 20 if width >= 90 else 12)
        length = max((width - 3 - named) // len(columns) - 9, 3)
        heads = "".join(f" {head:<{length + 8}}" for head in columns)
        parts: list[Part] = [(f"{'':{3 + named}}{heads}\n", MUTED)]
        tops = [max(max(map(max, values)), 1e-9) for values in columns.values()]
        for number, level in enumerate(LEVELS):
            style = f"$stage-{number + 1}"
            for place, name in enumerate(shown.names):
                strong = "bold $primary" if place == shown.chosen else ""
                parts += [
                    (f"{level if place == 0 else '':<2} ", f"bold {style}"),
                    (f"{formatting.printable(name)[:named]:<{named}}", strong),
                ]
                for (head, values), top in zip(columns.items(), tops):
                    value = values[place][number]
                    said = formatting.quantity(value) if head != "H" else f"{value:.1f}"
                    if head == "H" and entropies[place] is None:
                        said = ""
                    parts += [
                        (f" {bar(value / top, length, self._glyphs)}", style),
                        (f"{said:>8}", ""),
                    ]
                parts.append(("\n", ""))
        size = formatting.image_size(shown.image_size)
        told = f"of each stage, FLOPs at {size}; the longest bar of a column is its largest number"
        return [*parts, ("\n", ""), paragraph(told, width, MUTED)]
