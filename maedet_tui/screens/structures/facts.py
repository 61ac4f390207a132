"""What a structure is, in two or three lines above its tables."""

from __future__ import annotations

from dataclasses import dataclass

from engine.scorers.base import Score
from engine.zoo import ZOO
from maedet_tui import formatting, summary
from maedet_tui.presets import advice
from maedet_tui.structures.items import PAPER, Item
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part, paragraph

#: characters below which there is no room for more than this panel
LEAST = 46


@dataclass(frozen=True)
class Facts:
    """A structure, what is known of its Z, and why it is this one that is shown."""

    item: Item
    score: Score | None
    place: str


class FactsPanel(Panel[Facts]):
    """Name, origin, costs, Z and how it was obtained."""

    USUAL_WIDTH = 110

    def parts(self, shown: Facts, width: int) -> list[Part]:
        item, score = shown.item, shown.score
        cost = item.cost
        size = formatting.image_size(item.preset.budget.image_size)
        z = f"{summary.value(score)}, " if score is not None else ""
        costs = (
            f"{z}{formatting.quantity(cost.params)} params, "
            f"{formatting.quantity(cost.flops)} FLOPs at {size}, {cost.layers} layers"
        )
        how = f"{shown.place}. " + (f"Scored by {score.detail}." if score is not None else "")
        if width < LEAST:
            how = "Tables and tower need a larger terminal."
        parts = [
            paragraph(f"{item.name}, {item.origin}", width, STRONG),
            paragraph(costs, width),
            paragraph(how, width, MUTED),
        ]
        # a published structure was made for no budget of ours
        if item.stem not in ZOO and item.preset is not PAPER and width >= LEAST:
            parts += [
                paragraph(line, width, "$warning")
                for line in advice.lines(item.structure, item.preset)
            ]
        return parts
