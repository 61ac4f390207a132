"""Where a structure's costs and its entropy are: bars for each block and each stage."""

from __future__ import annotations

from engine.costs import block_costs
from engine.scorers.objective import z_weights
from engine.structure import LEVELS
from maedet_tui import formatting
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.panel import MUTED, Panel, Part, paragraph
from maedet_tui.widgets.search_panels import bar
from maedet_tui.widgets.structure_view import View, shares


class _Bars(Panel[View]):
    USUAL_WIDTH = 76

    def __init__(self, characters: Glyphs, id: str | None = None):
        super().__init__(id=id)
        self._glyphs = characters


class CostBars(_Bars):
    """FLOPs and parameters of each block, the largest as the full bar."""

    TITLE = "Costs of each block"

    def parts(self, shown: View, width: int) -> list[Part]:
        structure = shown.structure
        size = shown.preset.budget.image_size
        costs = block_costs(structure, size)
        names = [f"{block.kind} k{block.kernel}" for block in structure.blocks]
        wide = max(map(len, names)) if width >= 64 else 0
        length = max((width - 3 - wide - 2 * 15) // 2, 3)
        head = f"FLOPs at {formatting.image_size(size)}"
        parts: list[Part] = [
            (f"{'':{3 + wide}} {head:<{length + 14}} params\n", MUTED),
        ]
        columns = [[c.flops for c in costs], [c.params for c in costs]]
        for row, (level, name) in enumerate(zip(structure.levels, names)):
            style = f"$stage-{LEVELS.index(level) + 1}"
            parts += [(f"{level} ", f"bold {style}"), (name[:wide].ljust(wide), "")]
            for values in columns:
                value = values[row]
                drawn = bar(value / max(*values, 1), length, self._glyphs)
                share = f"{100 * value / max(sum(values), 1):.0f} %"
                parts += [
                    (f" {drawn}", style),
                    (f" {formatting.quantity(value):>6} {share:>5} ", ""),
                ]
            parts.append(("\n", ""))
        return parts


class EntropyBars(_Bars):
    """H of each stage, what the stage adds to it, and its share of Z."""

    TITLE = "Entropy of each stage"

    def parts(self, shown: View, width: int) -> list[Part]:
        entropies = shown.entropies
        if not entropies or shown.z is None:
            return [("not computed yet\n", MUTED)]
        weights = z_weights(shown.preset.objective, shown.structure.widths)
        length = max(width - 38, 4)
        heads = f"{'H':>8} {'adds':>8} {'weight':>9} {'% of Z':>7}"
        parts: list[Part] = [(f"{'':{3 + length}}{heads}\n", MUTED)]
        before = 0.0
        highest = max(*entropies, 1e-9)
        for level, h, weight, share in zip(LEVELS, entropies, weights, shares(shown)):
            style = f"$stage-{LEVELS.index(level) + 1}"
            parts += [
                (f"{level} ", f"bold {style}"),
                (bar(h / highest, length, self._glyphs), style),
                (f"{h:>8.2f} {h - before:>+8.2f} {weight:>9,.4g} {share or '-':>7}\n", ""),
            ]
            before = h
        if shown.preset.objective.size == "log-channels":
            parts.append(
                paragraph("Z also has log C of each stage, times its alpha.", width, MUTED)
            )
        return parts
