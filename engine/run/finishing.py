"""After a search: its winner is measured once more, by forward passes, and by the clock if
there is a latency budget. A search that began with the closed form has its best measured here.

A single pass favours lucky draws, so the ranking of a search by passes that counts is made
of fresh ones.
"""

from __future__ import annotations

from engine.run import views
from engine.run.search import Search
from engine.scorers.base import PassScorer, Scorer, Stop, close, makes_passes
from engine.scorers.factory import resolve_device
from engine.scorers.recheck import recheck
from engine.search.member import Member
from engine.snapshot import Ranked

#: bytes that the process keeps to where a warm start's best are measured, if that is enough
MEMORY = 1_700_000_000

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
    elif search.preset.schedule.warm_start is not None:
        best = _measure_top(search, cancelled)
    elif makes_passes(scorer):
        best, overturned = _recheck_top(search, scorer, cancelled), best
        if best.structure != overturned.structure:
            search.note(OVERTURNED)
    if search.latency is not None:
        search.latency.measure(best.structure)
    if search.beside is not None:
        search.beside.finish(cancelled)


def _measure_top(search: Search, cancelled: Stop) -> Member:
    """The best of a search by closed form, by forward passes, which that has made none of."""
    preset = search.preset
    from engine.scorers.forward import ForwardScorer  # torch takes seconds to import

    device, seed = resolve_device(preset.device), preset.schedule.seed
    scorer = ForwardScorer(preset.objective, device, preset.forward, seed, keep_to=MEMORY)
    try:
        return _recheck_top(search, scorer, cancelled)
    finally:
        close(scorer)


def _recheck_top(search: Search, scorer: PassScorer, cancelled: Stop) -> Member:
    evolution, preset = search.evolution, search.preset
    search.recheck, winner = rank_again(
        evolution.population.members[: -preset.schedule.keep - 1 : -1],
        scorer,
        evolution.iteration,
        preset.budget.image_size,
        cancelled,
    )
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
