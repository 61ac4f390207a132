"""What is known of the optimum at one moment: nothing else of it leaves the room."""

from __future__ import annotations

from typing import NamedTuple

from engine.costs import Cost
from engine.scorers.base import Score
from engine.snapshot import PROVEN, gap_to
from engine.structure import Structure


class Best(NamedTuple):
    """The best structure found so far."""

    structure: Structure
    score: Score
    cost: Cost


class Certificate(NamedTuple):
    """A bound, and the best structure found.

    bound: no structure of the space within the budgets has a higher Z in closed form.
    trivial: the bound is that of the widest and deepest blocks, whatever they cost. best: None
    before a structure was found. nodes: boxes of widths bounded so far, whole skeletons
    among them. left: skeletons not bounded yet, and boxes that may hold a better structure.
    skeletons: how many are bounded one by one. notes: sentences on what the bound leaves out.
    """

    bound: float
    trivial: bool
    best: Best | None
    nodes: int
    left: int
    skeletons: int
    notes: tuple[str, ...]

    @property
    def gap(self) -> float | None:
        """How far the best is below the bound at most, as a share of the bound."""
        return None if self.best is None else gap_to(self.bound, self.best.score.z)

    @property
    def proven(self) -> bool:
        """Whether the best is the optimum, within a millionth."""
        return self.gap is not None and self.gap <= PROVEN
