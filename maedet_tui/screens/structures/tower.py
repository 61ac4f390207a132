"""A structure as a tower: rows for its depth, bars for its widths and for the size of its maps."""

from __future__ import annotations

from dataclasses import dataclass

from engine.structure import LEVELS, Block, Structure
from maedet_tui import formatting
from maedet_tui.structures.shape import inner_width, map_sizes
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, Panel, Part, paragraph
from maedet_tui.widgets.structure_view import View


@dataclass(frozen=True)
class Tower:
    """A structure, drawn in at most `room` rows where that can be."""

    view: View
    room: int


def units_a_row(structure: Structure, room: int) -> int:
    """The least number of bottlenecks in one row with which the tower fits `room` rows."""
    depths = [block.depth for block in structure.blocks]
    units = 1
    while units < max(depths) and sum(-(-depth // units) for depth in depths) > room:
        units += 1
    return units


class TowerPanel(Panel[Tower]):
    """The image enters at the top; maps shrink to the left of the spine, channels grow right."""

    TITLE = "Tower"

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters

    def parts(self, shown: Tower, width: int) -> list[Part]:
        glyphs, structure = self._glyphs, shown.view.structure
        size = shown.view.preset.budget.image_size
        maps = map_sizes(structure, size)
        told = [self._words(block) for block in structure.blocks]
        # columns: level, map, bar of the map, spine, bar of channels, words
        named = max(len(formatting.image_size(one)) for one in maps)
        map_bar = 16 if width >= 72 else 8
        room = max(width - 3 - named - 1 - map_bar - 2, 6)
        words = max(map(len, told)) + 1
        words = words if room - words >= 12 else 0
        room -= words
        widest = max(max(b.out_channels, inner_width(b)) for b in structure.blocks)
        units = units_a_row(structure, max(shown.room - 4, 8))
        parts: list[Part] = []
        for block, level, map_, text in zip(structure.blocks, structure.levels, maps, told):
            style = f"$stage-{LEVELS.index(level) + 1}"
            side = self._side(map_[0] / maps[0][0], map_bar)
            bar = self._channels(block, room / widest)
            for number in range(-(-block.depth // units)):
                name = formatting.image_size(map_) if number == 0 else ""
                parts += [
                    (f"{level if number == 0 else '':<2} ", f"bold {style}"),
                    (f"{name:>{named}} ", MUTED),
                    (side, style),
                    (glyphs.vertical, MUTED),
                    (f"{bar:<{room}}", style),
                    (f" {text}\n" if words and number == 0 else "\n", ""),
                ]
        return [*parts, *self._legend(units, widest / room, maps[0][0] / map_bar, width)]

    def _side(self, share: float, length: int) -> str:
        """The bar of a map's side, to half a cell; it grows to the left."""
        halves = max(round(2 * share * length), 1)
        half = self._glyphs.right_half if halves % 2 else ""
        return (half + self._glyphs.block * (halves // 2)).rjust(length)

    def _channels(self, block: Block, cells_a_channel: float) -> str:
        """Channels inside the block, and up to its output."""
        inner = inner_width(block)
        outer = max(round(block.out_channels * cells_a_channel), 1)
        filled = max(round(inner * cells_a_channel), 1) if inner else 0
        return self._glyphs.block * filled + self._glyphs.shade * max(outer - filled, 0)

    def _words(self, block: Block) -> str:
        times = self._glyphs.times
        depth = f" {times}{block.depth}" if block.depth > 1 else ""
        inside = formatting.inside(block)
        inside = f"{inside} in " if inner_width(block) else ""
        return f"k{block.kernel}{depth}  {inside}{block.out_channels}"

    def _legend(self, units: int, channels: float, pixels: float, width: int) -> list[Part]:
        glyphs = self._glyphs
        text = (
            f"left: side of the maps, a cell is {pixels:.3g} pixels; right: channels, a cell is "
            f"{channels:.3g}, {glyphs.block} inside the bottlenecks, {glyphs.shade} put out; "
            f"a row is {'1 bottleneck' if units == 1 else f'{units} bottlenecks'}"
        )
        return [("\n", ""), paragraph(text, width, MUTED)]
