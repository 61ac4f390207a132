"""A structure on its way into the population: proposed first, then scored."""

from __future__ import annotations

from typing import NamedTuple

from engine.costs import Cost
from engine.scorers.base import Score
from engine.search.mutation import Mutation
from engine.structure import Structure


class Proposal(NamedTuple):
    """A child within every budget, waiting for its score.

    born: iteration that made it, 0 of the initial structure. origin: the mutation that
    made it, or in words how else it came to be; as text `C4 bottleneck 112 -> 136`.
    parent: `born` of the member that was mutated; None where there was none.
    """

    structure: Structure
    cost: Cost
    born: int
    origin: Mutation | str
    parent: int | None = None


class Member(NamedTuple):
    """A proposal with its score, as the population holds it and a screen shows it."""

    proposal: Proposal
    score: Score

    @property
    def structure(self) -> Structure:
        """The proposal's."""
        return self.proposal.structure

    @property
    def cost(self) -> Cost:
        """The proposal's."""
        return self.proposal.cost

    @property
    def born(self) -> int:
        """The proposal's."""
        return self.proposal.born

    @property
    def origin(self) -> Mutation | str:
        """The proposal's."""
        return self.proposal.origin

    @property
    def parent(self) -> int | None:
        """The proposal's."""
        return self.proposal.parent
