"""The loop of a search: children are asked for, scored and told, until T or a wish ends it."""

from __future__ import annotations

from engine.run.publishing import Publisher
from engine.run.search import Search
from engine.run.wishes import Wishes
from engine.scorers.base import Score, Scorer, ScoringError
from engine.search.member import Proposal

#: failures in a row after which scoring is given up
MOST_FAILURES = 50

Results = list[tuple[Proposal, Score | None]]


class Loop:
    """Runs a search by a scorer, publishing as it goes, heeding wishes between iterations."""

    def __init__(self, search: Search, scorer: Scorer, publisher: Publisher, wishes: Wishes):
        self._search = search
        self._scorer = scorer
        self._publisher = publisher
        self._wishes = wishes
        self._failure = ScoringError("no structure was scored")

    def run(self) -> None:
        """Search until T is reached, the best is good enough, or the search is to stop.

        Raises ScoringError where nothing can be scored any more, and Cancelled where a
        stop came within a pass.
        """
        search, publisher, wishes = self._search, self._publisher, self._wishes
        evolution, record = search.evolution, search.history.record
        schedule, failures = search.preset.schedule, 0
        limited = schedule.stop_gap is not None or schedule.time_limit is not None
        # kept from here on: a scorer's own size follows threads and memory, a search's may not
        search.batch = search.batch or self._scorer.batch
        while proposals := evolution.ask(search.batch):
            results = self._score(proposals)
            evolution.tell(results)
            best = evolution.best
            if best is None:
                raise self._failure
            if best is not search.best:
                search.take_best(best)
            failures = 0 if any(score for _, score in results) else failures + 1
            if failures > MOST_FAILURES:
                raise self._failure
            record(evolution.iteration, best, evolution.counts["accepted"], evolution.population)
            publisher.keep_up()
            wishes.stand_back()
            if wishes.pending:
                publisher.capture()
                wishes.hold()
                if wishes.stopped:
                    return
            if limited and search.enough():
                break
        publisher.capture()

    def _score(self, proposals: list[Proposal]) -> Results:
        """Each proposal with its score, None where it cannot be had."""
        try:
            scores = self._scorer.score([p.structure for p in proposals], self._wishes.interrupted)
            return list(zip(proposals, scores))
        except ScoringError as error:
            if len(proposals) == 1:
                self._failure = error
                self._search.note(str(error))
                return [(proposals[0], None)]
        return [result for proposal in proposals for result in self._score([proposal])]
