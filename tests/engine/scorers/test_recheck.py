"""The re-check of final structures, on made-up passes."""

import random

import pytest

from engine.scorers.base import Cancelled, Score
from engine.scorers.forward import Pass
from engine.scorers.recheck import FEWEST_PASSES, recheck
from engine.settings import Forward


class FakeScorer:
    """Candidates are (mean of Z, own noise); all share the noise of a pass index."""

    def __init__(self, repeats=1, shared=5.0):
        self.forward = Forward(repeats=repeats)
        self.shared = shared
        self.asked = []

    def passes_each(self, candidates, index, cancelled=lambda: False):
        return [self.passes(one, 1, index, cancelled)[0] for one in candidates]

    def passes(self, candidate, count, first=0, cancelled=lambda: False):
        self.asked.append((candidate, first))
        mean, noise = candidate
        common = random.Random(first).gauss(0, self.shared)
        own = random.Random(f"{candidate}{first}").gauss(0, noise)
        assert count == 1
        return [Pass(mean + common + own, (mean,) * 5)]

    def summary(self, candidate, passes):
        zs = [one.z for one in passes]
        return Score(sum(zs) / len(zs), (0.0,) * 5, 1.0, "forward", "", len(zs))


def test_orders_by_fresh_passes_and_stops_when_sure():
    scorer = FakeScorer(repeats=3)
    ranking = recheck([(10.0, 0.1), (30.0, 0.1), (20.0, 0.1)], scorer)
    assert [place.position for place in ranking] == [1, 2, 0]
    assert not any(place.tied for place in ranking)
    assert {place.score.passes for place in ranking} == {FEWEST_PASSES}
    # the search used passes 0 to 2
    assert min(first for _, first in scorer.asked) == 3
    assert len(set(scorer.asked)) == len(scorer.asked)


def test_pairing_takes_out_the_noise_that_candidates_share():
    ranking = recheck([(10.0, 0.1), (10.5, 0.1)], FakeScorer(shared=100.0))
    assert [place.position for place in ranking] == [1, 0]
    assert not ranking[1].tied


def test_equals_end_as_a_tie_long_before_the_most_passes():
    spent = []
    for number in range(60):
        candidates = [(10.0, 1.0 + number / 1e6), (10.0, 2.0), (50.0, 1.0)]
        ranking = recheck(candidates, FakeScorer(), max_passes=64)
        assert ranking[0].position == 2 and not ranking[0].tied and not ranking[1].tied
        # the one that stands clear was not measured on
        assert ranking[0].score.passes == FEWEST_PASSES
        if ranking[2].tied:
            spent.append(ranking[2].score.passes)
    # by chance alone equals come apart by three errors now and then
    assert len(spent) >= 55 and sum(spent) / len(spent) < 24 and max(spent) <= 64


def test_what_the_most_passes_would_tell_apart_is_told_apart_with_few_given_up():
    told = [
        not recheck([(12.0, 2.0 + number / 1e6), (10.0, 2.0)], FakeScorer(), max_passes=64)[1].tied
        for number in range(60)
    ]
    # 2 over a deviation of 2.8 is 5.7 standard errors of 64 passes
    assert sum(told) >= 54


def test_one_that_fell_behind_in_passes_can_catch_up():
    # the middle pair is close, so that only some candidates are measured further
    candidates = [(30.0, 0.1), (20.0, 2.0), (18.3, 2.0), (0.0, 0.1)]
    ranking = recheck(candidates, FakeScorer(), max_passes=32)
    assert [place.position for place in ranking] == [0, 1, 2, 3]
    assert not any(place.tied for place in ranking)
    assert ranking[1].score.passes == ranking[2].score.passes > FEWEST_PASSES
    assert {ranking[0].score.passes, ranking[3].score.passes} == {FEWEST_PASSES}


@pytest.mark.parametrize("count", [0, 1])
def test_few_candidates(count):
    assert len(recheck([(1.0, 1.0)] * count, FakeScorer())) == count


def test_gives_up_when_asked():
    with pytest.raises(Cancelled):
        recheck([(1.0, 1.0), (2.0, 1.0)], FakeScorer(), cancelled=lambda: True)


def test_one_pass_is_not_enough_to_tell_two_apart():
    ranking = recheck([(10.0, 0.1), (99.0, 0.1)], FakeScorer(), max_passes=1)
    assert [place.position for place in ranking] == [1, 0]
    assert [place.tied for place in ranking] == [False, True]
