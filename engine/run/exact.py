"""A search whose strategy is "exact": the optimum is proven, step by step, in the loop's place.

Iterations are skeletons bounded and boxes divided. What is kept as a population are the
structures that were the best; all else is done anew where a search goes on, from the best and
below the bound that it had.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.run.publishing import Publisher
from engine.run.search import Search
from engine.run.wishes import Wishes
from engine.scorers.base import Scorer, ScoringError
from engine.search.member import Member, Proposal
from engine.snapshot import Bound, Worth

if TYPE_CHECKING:
    from engine.optimum.search import Optimum

#: how a structure of the proof came to be, as an origin
ORIGIN = "branch and bound"
#: seconds for what more layers would give, once the optimum is proven
MORE_LAYERS = 10.0


class Proof:
    """Proves a search's optimum, publishing as it goes, heeding wishes between steps."""

    def __init__(self, search: Search, scorer: Scorer, publisher: Publisher, wishes: Wishes):
        self._search = search
        self._scorer = scorer
        self._publisher = publisher
        self._wishes = wishes

    def run(self) -> None:
        """Bound and branch until nothing is left, the best is good enough, or the search is to
        stop. Raises ScoringError where the preset has no optimum that could be proven."""
        # an evolution needs none of it
        from engine.optimum.certificate import Best
        from engine.optimum.problem import NoOptimum
        from engine.optimum.search import Optimum

        search, publisher, wishes = self._search, self._publisher, self._wishes
        search.batch, search.exactly = search.batch or 1, "bounding"
        before = search.found
        best = search.best or self._initial()
        try:
            optimum = Optimum(search.preset, Best(best.structure, best.score, best.cost))
            self._begin(optimum)
            more = True
            while more:
                more = optimum.step()
                self._take(optimum, before, more)
                publisher.keep_up()
                wishes.stand_back()
                if wishes.pending:
                    publisher.capture()
                    wishes.hold()
                    if wishes.stopped:
                        return
                if search.enough():
                    break
        except NoOptimum as error:
            raise ScoringError(str(error)) from None
        self._end(optimum)
        publisher.capture()

    def _initial(self) -> Member:
        """The initial structure, scored: within the budgets, as presets are checked to be."""
        search = self._search
        (proposal,) = search.evolution.ask()
        (score,) = self._scorer.score([proposal.structure])
        search.evolution.tell([(proposal, score)])
        best = search.evolution.best
        assert best is not None  # it has just been told
        search.take_best(best)
        return best

    def _begin(self, optimum: Optimum) -> None:
        evolution, count = self._search.evolution, optimum.problem.count
        self._before = evolution.iteration
        evolution.iterations = self._before + max(count, 1)
        self._search.history.spread(evolution.iterations)

    def _take(self, optimum: Optimum, before: Bound | None, more: bool) -> None:
        """What a step has brought."""
        search, found = self._search, optimum.best
        evolution, best = search.evolution, search.best
        assert best is not None  # it begins with the initial structure
        search.exactly = "branching" if optimum.branching else "bounding"
        evolution.iteration = max(self._before + optimum.looked_at, evolution.iteration)
        if found is not None and found.score.z > best.score.z:
            # two in one step would be of one iteration, which tells members apart
            evolution.iteration = max(evolution.iteration, best.born + 1)
            proposal = Proposal(found.structure, found.cost, evolution.iteration, ORIGIN, best.born)
            evolution.tell([(proposal, found.score)])
            assert evolution.best is not None
            search.take_best(evolution.best)
        evolution.iterations = max(evolution.iterations, evolution.iteration)
        assert search.best is not None
        search.history.record(evolution.iteration, search.best, evolution.counts["accepted"])
        values = [] if optimum.trivial else [optimum.bound]
        if before is not None and before.value is not None:
            values.append(before.value)
        search.found = Bound(min(values, default=None), working=more)

    def _end(self, optimum: Optimum) -> None:
        """Say what was found to be beyond proof, and what more of the budgets would give."""
        from engine.optimum.worth import worth

        search, found = self._search, optimum.certificate
        for sentence in found.notes:
            search.note(sentence)
        assert search.found is not None
        worths: tuple[Worth, ...] = ()
        if found.proven:
            preset, stopped = search.preset, self._wishes.interrupted
            worths = tuple(worth(preset, found, MORE_LAYERS, stopped))
        search.found = replace(search.found, working=False, worth=worths)
