"""After a search: its winner is measured once more, by forward passes, and by the clock if
there is a latency budget.

A single pass favours lucky draws, so the ranking of a search by passes that counts is made
of fresh ones.
"""

from __future__ import annotations

from engine.run import views
from engine.run.search import Search
from engine.scorers.base import PassScorer, Scorer, Stop, makes_passes
from engine.scorers.recheck import recheck
from engine.search.member import Member
from engine.snapshot import Ranked

#: passes a structure at most; a short search makes do with fewer
MOST_PASSES = 32

OVERTURNED = (
    "the re-check of the final structures prefers another one than the single passes of "
    "the search did; it is the best now"
)


def finish(search: Search, scorer: Scorer, cancelled: Stop) -> None:
    """Check what a search has found. Raises ScoringError, and Cancelled."""
    best = search.best
    if best is None:
        return
    if search.beside is not None:
        search.beside.hurry()
    if search.auditor is not None:
        search.auditor.finish(best.born, best.structure, best.score, cancelled)
    elif makes_passes(scorer):
        best = _recheck_top(search, best, scorer, cancelled)
    if search.latency is not None:
        search.latency.measure(best.structure)
    if search.beside is not None:
        search.beside.finish(cancelled)


def _recheck_top(search: Search, best: Member, scorer: PassScorer, cancelled: Stop) -> Member:
    evolution, preset = search.evolution, search.preset
    search.recheck, winner = rank_again(
        evolution.population.members[: -preset.schedule.keep - 1 : -1],
        scorer,
        evolution.iteration,
        preset.budget.image_size,
        cancelled,
    )
    if winner.structure != best.structure:
        search.note(OVERTURNED)
    search.best = winner
    return winner


def rank_again(
    members: list[Member],
    scorer: PassScorer,
    iterations: int,
    image_size: tuple[int, int],
    cancelled: Stop,
) -> tuple[tuple[Ranked, ...], Member]:
    """The members by fresh passes, best first, and the winner with its new score.

    iterations: that the search made, which its re-check is not to dwarf. Raises
    Cancelled.
    """
    ranking = recheck(
        [member.structure for member in members],
        scorer,
        max_passes=max(2, min(MOST_PASSES, iterations // max(1, len(members)))),
        cancelled=cancelled,
    )
    ranked = tuple(
        Ranked(views.candidate(members[place.position], image_size, place.score), place.tied)
        for place in ranking
    )
    first = ranking[0]
    return ranked, members[first.position]._replace(score=first.score)
