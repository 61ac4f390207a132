"""The end of a search by forward passes: its top structures are measured once more.

A single pass favours lucky draws, so the ranking that counts is made of fresh passes.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.run import views
from engine.scorers.recheck import recheck
from engine.search.member import Member
from engine.snapshot import Ranked

#: passes a structure at most; a short search makes do with fewer
MOST_PASSES = 32

OVERTURNED = (
    "the re-check of the final structures prefers another one than the single passes of "
    "the search did; it is the best now"
)


def rank_again(
    members: list[Member],
    scorer,
    iterations: int,
    image_size: tuple[int, int],
    cancelled: Callable[[], bool],
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
