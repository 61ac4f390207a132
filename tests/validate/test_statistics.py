"""Correlations against scipy's, and their intervals."""

import numpy as np
import pytest
from scipy import stats

from maedet_tui.validate.predictors import Predicted, alike
from maedet_tui.validate.statistics import (
    NoCorrelation,
    advantage,
    agreement,
    kendall,
    noise,
    spearman,
)

RNG = np.random.default_rng(7)
#: plain numbers, numbers with ties in one and in both, few and many, far apart and equal in order
DATA = [
    ([1.0, 2.0, 3.0], [3.0, 1.0, 2.0]),
    ([1.0, 2.0, 2.0, 3.0], [5.0, 6.0, 7.0, 8.0]),
    ([1.0, 1.0, 2.0, 2.0, 3.0], [2.0, 2.0, 2.0, 1.0, 0.0]),
    ([1e-9, 1e9, 5.0, -3.0], [0.0, 1.0, 0.5, -0.25]),
    (RNG.normal(size=40), RNG.normal(size=40)),
    (RNG.integers(0, 5, 60).astype(float), RNG.integers(0, 4, 60).astype(float)),
]


@pytest.mark.parametrize(("x", "y"), DATA)
def test_correlations_are_those_of_scipy(x, y):
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)
    assert kendall(x, y) == pytest.approx(stats.kendalltau(x, y, variant="b").statistic)
    found = agreement(x, y)
    assert found.structures == len(x)
    assert found.spearman.value == spearman(x, y) and found.kendall.value == kendall(x, y)


def test_intervals_are_near_those_of_scipys_bootstrap():
    x = RNG.normal(size=30)
    y = x + RNG.normal(size=30)
    ours = agreement(x, y).spearman
    theirs = stats.bootstrap(
        (x, y), lambda a, b: stats.spearmanr(a, b).statistic, paired=True, vectorized=False,
        n_resamples=2000, method="percentile", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert ours.low == pytest.approx(theirs.low, abs=0.04)
    assert ours.high == pytest.approx(theirs.high, abs=0.04)
    assert ours.low < ours.value < ours.high
    assert agreement(x, y) == agreement(x, y)


def test_an_interval_holds_what_it_says():
    """Of samples of correlated normals, about 95 % of the intervals hold the true rho."""
    rng, rho = np.random.default_rng(3), 0.6
    true = 6 / np.pi * np.arcsin(rho / 2)
    held = 0
    for _ in range(40):
        x = rng.normal(size=25)
        y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=25)
        found = agreement(x, y).spearman
        held += found.low <= true <= found.high
    assert 33 <= held <= 40


def test_an_advantage_is_that_over_the_same_structures():
    y = np.arange(20.0)
    good, bad = y + RNG.normal(size=20), RNG.normal(size=20)
    found = advantage(good, bad, y)
    assert found.value == pytest.approx(spearman(good, y) - spearman(bad, y))
    assert found.low > 0
    same = advantage(good, good, y)
    assert same == (0.0, 0.0, 0.0)


def test_noise_is_the_scatter_within_and_between():
    within = [[1.0, 3.0], [4.0, 6.0], [9.0]]
    found = noise(within)
    assert found.seeds == pytest.approx(2**0.5)
    assert found.between == pytest.approx(np.std([2, 5, 9], ddof=1))
    assert noise([[1.0], [2.0]]) is None and noise([[1.0, 2.0]]) is None


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ([1.0], [2.0], "a correlation needs at least 3 structures; there is 1"),
        ([1.0, 2.0], [2.0, 1.0], "a correlation needs at least 3 structures; there are 2"),
        ([4.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0], "all 5 structures have the same predicted value"),
        ([1.0, 2.0, 3.0], [0.0] * 3, "all 3 structures have the same AP"),
    ],
)
def test_what_cannot_be_told_is_said_in_a_sentence(x, y, said):
    with pytest.raises(NoCorrelation) as error:
        agreement(x, y)
    assert str(error.value) == said


def test_rivals_that_rank_as_z_does_are_named():
    def row(z, params, layers):
        return Predicted(z, params, 100, layers, z**3, None, -z)

    said = alike([row(1.0, 5, 7), row(2.0, 3, 9), row(3.0, 4, 8), row(5.0, 1, 10)])
    assert said is not None and "as Zen-Score (1.00) does" in said
    assert alike([row(1.0, 5, 7)]) is None
    everything = [Predicted(z, 1, 1, 1, None, None, None) for z in (1.0, 2.0, 3.0)]
    assert alike(everything) is None
