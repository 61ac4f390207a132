"""What the parts of a search look like in a snapshot."""

from __future__ import annotations

import time
from collections.abc import Sequence

from engine.costs import stage_costs
from engine.scorers.base import Score, ScoringError
from engine.search.population import Member, Population
from engine.snapshot import Candidate, Individual, NewBest, PopulationSummary

#: members are told anew at most this share of the time; only huge populations need that
MOST_SHARE = 0.01


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
    """A population as `Snapshot.members`; only those that are new are described anew."""

    def __init__(self) -> None:
        self._known: dict[int, Individual] = {}
        self._frozen: tuple[Individual, ...] = ()
        self._version = -1
        self._due = 0.0

    def freeze(self, population: Population, at_once: bool = False) -> tuple[Individual, ...]:
        """Its members, best first; of a huge one, unless at_once, as of a little earlier."""
        began = time.perf_counter()
        if population.version != self._version and (at_once or began >= self._due):
            known = self._known
            self._frozen = tuple(
                known.get(member.born) or individual(member)
                for member in reversed(population.members)
            )
            self._known = {one.born: one for one in self._frozen}
            self._version = population.version
            ended = time.perf_counter()
            self._due = ended + (ended - began) / MOST_SHARE
        return self._frozen


def individual(member: Member) -> Individual:
    """A member without its parent."""
    structure, score, cost, born, origin, _ = member
    return Individual(structure, score, cost, born, str(origin))


def sentence(failure: BaseException | None) -> str | None:
    """Why a search failed, for its user."""
    if failure is None or isinstance(failure, ScoringError):
        return str(failure) if failure else None
    return f"the search broke off: {type(failure).__name__}: {failure}"


def notices(known: Sequence[str], *more: Sequence[str]) -> list[str]:
    """Sentences in the order in which they first came up, each once."""
    return list(dict.fromkeys([*known, *(sentence for group in more for sentence in group)]))
