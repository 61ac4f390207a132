"""How much the structures of a population differ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from engine.structure import LEVELS, Structure, stage_bounds


class Diversity(NamedTuple):
    """Of one stage: how many depths (units of all its blocks) and output widths there are."""

    level: str
    depths: int
    widths: int


def diversity(structures: Iterable[Structure]) -> list[Diversity]:
    """That of each stage, C1 first."""
    depths: list[set[int]] = [set() for _ in LEVELS]
    widths: list[set[int]] = [set() for _ in LEVELS]
    for structure in structures:
        blocks = structure.blocks
        for stage, (start, end) in enumerate(stage_bounds(blocks)):
            depths[stage].add(sum(block.depth for block in blocks[start:end]))
            widths[stage].add(blocks[end - 1].out_channels)
    return [Diversity(*one) for one in zip(LEVELS, map(len, depths), map(len, widths))]
