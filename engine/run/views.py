"""What the parts of a search look like in a snapshot."""

from __future__ import annotations

from engine.costs import stage_costs
from engine.scorers.base import Score
from engine.search.member import Member
from engine.search.population import Population
from engine.snapshot import Candidate, NewBest, PopulationSummary


def candidate(member: Member, image_size: tuple[int, int], score: Score | None = None) -> Candidate:
    """A member with the costs of its stages at (height, width); score: in place of its own."""
    costs = stage_costs(member.structure, image_size)
    return Candidate(member.structure, score or member.score, member.cost, costs)


def new_best(member: Member) -> NewBest:
    """The line that a new best gets in the log."""
    return NewBest(member.born, member.score.z, str(member.origin))


def summary(population: Population) -> PopulationSummary | None:
    """Size and Z of a population; None of an empty one."""
    z = population.scores()
    if not z:
        return None
    return PopulationSummary(len(z), population.capacity, z[-1], sum(z) / len(z), z[0])


class Members:
    """A population as `Snapshot.members`: best first, the same tuple while it stays so."""

    def __init__(self) -> None:
        self._frozen: tuple[Member, ...] = ()
        self._version = -1

    def freeze(self, population: Population) -> tuple[Member, ...]:
        """Its members now."""
        if population.version != self._version:
            self._frozen = tuple(reversed(population.members))
            self._version = population.version
        return self._frozen
