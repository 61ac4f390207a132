"""The final structures measured again, until their order is significant or declared a tie.

The best of many single passes is partly the luckiest (its Z is biased upwards), so the
ranking is made of fresh passes that the search did not use. All candidates take the
same pass indices, and neighbours are compared by paired differences: common random
numbers take most of the noise out of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf, sqrt
from statistics import NormalDist, fmean, stdev
from typing import NamedTuple

from engine.scorers.base import Cancelled, Pass, PassScorer, Score, Stop, never
from engine.structure import Structure

#: passes of each candidate before any comparison: fewer give no usable deviation
FEWEST_PASSES = 8
#: the chance of ending apart, as things stand, below which two candidates are left a tie
LEAST_HOPE = 0.1


class Place(NamedTuple):
    """One place of the ranking.

    position: of the candidate among those given, from 0. score: over the fresh passes.
    tied: its Z is not significantly below that of the candidate ranked before it.
    """

    position: int
    score: Score
    tied: bool


def recheck(
    candidates: Sequence[Structure],
    scorer: PassScorer,
    *,
    max_passes: int = 32,
    significance: float = 3.0,
    cancelled: Stop = never,
) -> list[Place]:
    """Rank candidates by fresh passes, best first.

    Passes are added until each two neighbours in the order differ by `significance`
    standard errors of their paired difference, at most `max_passes` each; a pair that
    is apart is not measured on, unless its place is still open on the other side, nor is
    one that is unlikely to come apart: more passes would only confirm the tie.
    Raises ScoringError and Cancelled as the scorer does.
    """
    first = scorer.forward.repeats
    passes: list[list[Pass]] = [[] for _ in candidates]
    while True:
        open_ones = _open(passes, max_passes, significance)
        if not open_ones:
            break
        if cancelled():
            raise Cancelled
        # all candidates of one index together: they share its weights and beginnings
        at = first + len(passes[open_ones[0]])
        measured = scorer.passes_each([candidates[index] for index in open_ones], at, cancelled)
        for index, one in zip(open_ones, measured):
            passes[index].append(one)
    order = _order(passes)
    return [
        Place(
            index,
            scorer.summary(candidates[index], passes[index]),
            place > 0 and not _apart(passes[order[place - 1]], passes[index], significance),
        )
        for place, index in enumerate(order)
    ]


def _order(passes: list[list[Pass]]) -> list[int]:
    return sorted(range(len(passes)), key=lambda i: -fmean(one.z for one in passes[i]))


def _open(passes: list[list[Pass]], max_passes: int, significance: float) -> list[int]:
    """The candidates that need another pass, those with the fewest first."""
    fewest = min(FEWEST_PASSES, max_passes)
    begun = [i for i, done in enumerate(passes) if len(done) < fewest]
    if begun:
        least = min(len(passes[i]) for i in begun)
        return [i for i in begun if len(passes[i]) == least]
    order = _order(passes)
    doubtful = set()
    for above, below in pairwise(order):
        if _undecided(passes[above], passes[below], significance, max_passes):
            doubtful |= {above, below}
    unfinished = [i for i in doubtful if len(passes[i]) < max_passes]
    if not unfinished:
        return []
    least = min(len(passes[i]) for i in unfinished)
    return sorted(i for i in unfinished if len(passes[i]) == least)


def _apart(above: list[Pass], below: list[Pass], significance: float) -> bool:
    """Whether `above` is significantly better, over the passes that both have made."""
    return _errors_apart(above, below) >= significance


def _undecided(above: list[Pass], below: list[Pass], significance: float, max_passes: int) -> bool:
    """Whether more passes could still tell two candidates apart that are not yet.

    Of n passes out of N, t standard errors apart, N are expected to give t sqrt(N/n), with
    a deviation of sqrt(1 - n/N) (Lan and Wittes 1988, the B-value's trend going on).
    """
    now, done = _errors_apart(above, below), min(len(above), len(below))
    if now >= significance or done >= max_passes:
        return False
    if now < 0:  # their order is that of passes which only one of them has made
        return True
    share = done / max_passes
    at_the_end = NormalDist(now / sqrt(share), sqrt(1 - share))
    return 1 - at_the_end.cdf(significance) >= LEAST_HOPE


def _errors_apart(above: list[Pass], below: list[Pass]) -> float:
    """By how many standard errors of their paired difference the first is the better one."""
    differences = [a.z - b.z for a, b in zip(above, below)]
    if len(differences) < 2:
        return 0.0
    error = stdev(differences) / sqrt(len(differences))
    mean = fmean(differences)
    return mean / error if error else (inf if mean > 0 else 0.0)
