"""Algorithm 1, coarse-to-fine evolution, as an object that is asked and told.

It knows nothing of scorers, threads, files or screens; `Evolution` has an example.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, NamedTuple

from engine.costs import Cost, total_cost
from engine.scorers.base import Score
from engine.search import SearchPhase
from engine.search.ancestry import Ancestor, ancestor
from engine.search.member import Member, Proposal
from engine.search.mutation import Mutation, Mutator
from engine.search.population import Population
from engine.search.rules import Rules
from engine.search.sampling import ORIGIN, Sampler
from engine.search.tally import BEST, Tallied, Tally
from engine.search.trade import Trader
from engine.settings import Budget, Preset
from engine.structure import Structure


class State(NamedTuple):
    """All that an `Evolution` is besides its preset; never changed once taken.

    members: of the population, worst first. rng: `Random.getstate()`. begun: the
    initial structure has been asked for. tally: the counts by mutation. ancestors: of the
    members, as far as they are none.
    """

    iteration: int
    begun: bool
    switched_at: int | None
    counts: dict[str, int]
    members: tuple[Member, ...]
    best: Member | None
    rng: tuple[Any, ...]
    tally: tuple[Tallied, ...] = ()
    ancestors: tuple[Ancestor, ...] = ()


def exceeded(cost: Cost, budget: Budget) -> str | None:
    """The budget that a cost exceeds ("layers", "flops" or "params"), if any."""
    if budget.layers is not None and cost.layers > budget.layers:
        return "layers"
    if budget.flops is not None and cost.flops > budget.flops:
        return "flops"
    if budget.params is not None and cost.params > budget.params:
        return "params"
    return None


class Evolution:
    """The search of one preset; deterministic by the seed and the sizes asked for.

    iteration: t of Algorithm 1, from 0 (the initial structure) to T.
    counts: how many children were "accepted" into the population; "worse" than all
    of a full one; refused as "duplicate" of a member, or by a budget or rule, each named.
    tally: the same by the mutation that a child began with, and how many were the best.
    best: the member of highest Z so far, which the population may only lose by
    finding a better one. switched_at: the iteration of line 3, once passed.
    too_slow: whether a child exceeds a latency budget, which only a device can tell.

    A whole search, for less time than the paper's:

    >>> from engine.scorers.closed_form import ClosedForm
    >>> from engine.search.evolution import Evolution
    >>> from engine.settings import Budget, Preset, Schedule
    >>> from engine.zoo import ZOO
    >>> preset = Preset(
    ...     "small",
    ...     initial=ZOO["initial"].structure,
    ...     budget=Budget(flops=48_000_000_000, layers=79),
    ...     schedule=Schedule(population=32, iterations=4000),
    ... )
    >>> evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
    >>> while proposals := evolution.ask():
    ...     scores = scorer.score([proposal.structure for proposal in proposals])
    ...     evolution.tell(zip(proposals, scores))
    >>> best = evolution.best
    >>> f"Z {best.score.z:.1f} with {best.cost.flops / 1e9:.1f} GFLOPs, {best.cost.layers} layers"
    'Z 1628.4 with 47.4 GFLOPs, 67 layers'
    >>> best.structure.widths
    (112, 168, 768, 848, 2048)
    """

    def __init__(self, preset: Preset):
        schedule = preset.schedule
        self.budget = preset.budget
        self.iterations = schedule.iterations
        self.iteration = 0
        self.counts: Counter[str] = Counter()
        self.tally = Tally()
        self.best: Member | None = None
        self.switched_at: int | None = None
        self.too_slow: Callable[[Structure], bool] | None = None
        self.population = Population(schedule.capacity)
        self._rules = Rules(preset.space, preset.budget)
        self._rng = Random(schedule.seed)
        self._mutator = Mutator(preset.space, schedule.compound)
        self._trade = schedule.trade
        self._trader = Trader(preset.space, preset.budget, self._mutator, schedule.balances)
        self._sampler = (
            Sampler(preset.space, preset.initial) if schedule.strategy == "random" else None
        )
        self._keep = schedule.keep
        coarse_only = schedule.fine_at >= 1 or schedule.strategy == "random"
        self._switch = 0 if coarse_only else max(1, round(schedule.iterations * schedule.fine_at))
        self._initial: Structure | None = preset.initial

    @property
    def phase(self) -> SearchPhase:
        """Which mutation the next child is made by."""
        return "coarse" if self.switched_at is None else "fine"

    def ask(self, count: int = 1) -> list[Proposal]:
        """Up to `count` children to score, none when the search is over.

        Every iteration makes one child; those over a budget or already in the
        population are dropped at once (lines 9-10) and are not returned. Those asked for
        before are told of by then.
        """
        self.population.ancestry.settle()
        if self._initial is not None:
            initial, self._initial = self._initial, None
            cost = total_cost(initial, self.budget.image_size)
            return [Proposal(initial, cost, 0, "initial structure")]
        proposals: list[Proposal] = []
        while len(proposals) < count and self.iteration < self.iterations:
            if self.iteration + 1 == self._switch and self.switched_at is None and proposals:
                break  # the switch waits for the scores that are still out
            child = self._iterate()
            if child is not None:
                proposals.append(child)
        return proposals

    def _iterate(self) -> Proposal | None:
        self.iteration += 1
        population = self.population
        if self.iteration == self._switch:
            population.keep_top(self._keep)
            self.switched_at = self.iteration
        child, origin, parent = self._child()
        if child in population:
            self._count(origin, "duplicate")
            return None
        cost = total_cost(child, self.budget.image_size)
        reason = exceeded(cost, self.budget)
        if reason is None and self._rules.any:
            reason = self._rules.broken(child.blocks, cost)
        if reason is not None:
            self._count(origin, reason)
            return None
        if self.too_slow is not None and self.too_slow(child):
            self._count(origin, "latency")
            return None
        return Proposal(child, cost, self.iteration, origin, parent)

    def _count(self, origin: Mutation | str, fate: str) -> None:
        self.counts[fate] += 1
        self.tally.add(origin, fate)

    def _child(self) -> tuple[Structure, Mutation | str, int | None]:
        """A candidate, how it came to be, and the `born` of its parent (lines 7-8)."""
        if self._sampler is not None:
            return self._sampler.draw(self._rng), ORIGIN, None
        parent = self.population.draw(self._rng)
        fine = self.switched_at is not None
        mutation = self._mutator.mutate(parent.proposal.structure, self._rng, fine)
        if self._trade and self._rng.random() < self._trade:
            mutation = self._trader.trade(mutation, self._rng, fine)
        return mutation.structure, mutation, parent.proposal.born

    def tell(self, results: Iterable[tuple[Proposal, Score | None]]) -> None:
        """Take the scores of proposals; None for one that could not be scored."""
        population = self.population
        for proposal, score in results:
            fate = "unscored" if score is None else "duplicate"
            if score is None or proposal.structure in population:
                self._count(proposal.origin, fate)
                continue
            member = Member(proposal, score)
            stayed = population.add(member)
            if proposal.born:
                self._count(proposal.origin, "accepted" if stayed else "worse")
            if self.best is None or score.z > self.best.score.z:
                self.best = member
                self.tally.add(proposal.origin, BEST)

    def state(self) -> State:
        """What `restore` goes on from; to be taken when no proposal waits for its score."""
        return State(
            self.iteration,
            self._initial is None,
            self.switched_at,
            dict(self.counts),
            tuple(self.population.members),
            self.best,
            self._rng.getstate(),
            self.tally.freeze(),
            self.population.ancestry.freeze(),
        )

    def restore(self, state: State) -> None:
        """Go on from the state of a search of this preset, as that search would have.

        The preset may differ in its T, N and budget. Members beyond the new budget are
        left out, and with none left the search begins with the initial structure. A
        search that has switched to fine mutation stays fine; one that has not switches
        at the new T's iteration, or at once if that has passed.
        """
        self.iteration = state.iteration
        self.switched_at = state.switched_at
        self.counts = Counter(state.counts)
        self.tally.restore(state.tally)
        self._rng.setstate(state.rng)
        for member in state.members:
            if (fitting := self._fitting(member)) is not None:
                self.population.add(fitting)
        # who is left out now may have descendants among those who are not
        self.population.ancestry.restore([*state.ancestors, *map(ancestor, state.members)])
        best = self._fitting(state.best) if state.best is not None else None
        if best is None and len(self.population):
            best = self.population.best
        self.best = best
        self._initial = None if state.begun and best is not None else self._initial
        if self.switched_at is not None:
            self._switch = 0
        elif self._switch:
            self._switch = max(self._switch, self.iteration + 1)

    def _fitting(self, member: Member) -> Member | None:
        """The member with its cost at this budget's image size; None if that exceeds it."""
        cost = total_cost(member.structure, self.budget.image_size)
        if exceeded(cost, self.budget) or self._rules.broken(member.structure.blocks, cost):
            return None
        if cost == member.cost:
            return member
        return member._replace(proposal=member.proposal._replace(cost=cost))
