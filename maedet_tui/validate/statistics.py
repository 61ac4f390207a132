"""How two rankings agree: Spearman's and Kendall's correlation, and how sure one may be of them.

Intervals are percentiles of bootstrap samples (Efron 1979): structures are drawn anew with
replacement. Ties count as both definitions have them: mean ranks, and Kendall's tau-b.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Floats: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

#: samples of the bootstrap, the share of them that an interval holds, and the seed
SAMPLES, WITHIN, SEED = 2000, 0.95, 0
#: structures from which on a correlation means anything
FEWEST = 3


class Interval(NamedTuple):
    """A value, and where it lies with a probability of WITHIN."""

    value: float
    low: float
    high: float


class Agreement(NamedTuple):
    """How a predictor's ranking agrees with that of AP over so many structures."""

    spearman: Interval
    kendall: Interval
    structures: int


class Noise(NamedTuple):
    """Of APs over seeds. seeds: standard deviation between trainings of one structure that
    differ in their seeds alone. between: of the structures' means."""

    seeds: float
    between: float


class NoCorrelation(ValueError):
    """Nothing can be said of two rankings; why, in a sentence."""


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's rho: the correlation of the ranks. nan where one of them is constant."""
    return float(_rhos(_orders(x), _orders(y), np.ones((1, len(x))))[0])


def kendall(x: Sequence[float], y: Sequence[float]) -> float:
    """Kendall's tau-b: pairs in the same order less those in the other, over the root of the
    pairs untied in each. nan where one of them is constant."""
    return float(_taus(_orders(x), _orders(y), np.ones((1, len(x))))[0])


def agreement(x: Sequence[float], y: Sequence[float]) -> Agreement:
    """How two rankings agree. Raises NoCorrelation."""
    refuse_too_few(len(x))
    for name, values in (("predicted value", x), ("AP", y)):
        if len(set(values)) < 2:
            raise NoCorrelation(f"all {len(x)} structures have the same {name}")
    a, b, samples = _orders(x), _orders(y), _samples(len(x))
    return Agreement(
        _interval(spearman(x, y), _rhos(a, b, samples)),
        _interval(kendall(x, y), _taus(a, b, samples)),
        len(x),
    )


def advantage(x: Sequence[float], rival: Sequence[float], y: Sequence[float]) -> Interval:
    """By how much the rho of one predictor is above that of a rival, over the same samples.

    Raises NoCorrelation.
    """
    refuse_too_few(len(x))
    value = spearman(x, y) - spearman(rival, y)
    if np.isnan(value):
        raise NoCorrelation("one of the two is the same of all structures")
    a, b, c = map(_orders, (x, rival, y))
    samples = _samples(len(x))
    return _interval(value, _rhos(a, c, samples) - _rhos(b, c, samples))


def noise(of_structures: Sequence[Sequence[float]]) -> Noise | None:
    """How much APs scatter; None before some structure was trained with two seeds.

    of_structures: the APs of each. The variance within is that of all structures together,
    each counted by its degrees of freedom.
    """
    arrays = [np.asarray(one, dtype=float) for one in of_structures if len(one)]
    free = sum(len(one) - 1 for one in arrays)
    if not free or len(arrays) < 2:
        return None
    within = sum(float(((one - one.mean()) ** 2).sum()) for one in arrays) / free
    means = np.asarray([one.mean() for one in arrays])
    return Noise(within**0.5, float(means.std(ddof=1)))


def refuse_too_few(count: int) -> None:
    """Raise NoCorrelation for too few structures."""
    if count < FEWEST:
        there = "is 1" if count == 1 else f"are {count}"
        raise NoCorrelation(f"a correlation needs at least {FEWEST} structures; there {there}")


def _orders(values: Sequence[float]) -> Floats:
    """Of each pair: 1 where the first is larger, -1 where it is smaller, 0 of a tie."""
    array = np.asarray(values, dtype=float)
    orders: Floats = np.sign(array[:, None] - array[None, :])
    return orders


def _rhos(a: Floats, b: Floats, samples: Floats) -> Floats:
    """rho of each sample. The sum of a row of orders is twice a rank, counted from their mean."""
    x, y = samples @ a.T, samples @ b.T
    return _over((samples * x * y).sum(1), (samples * x * x).sum(1), (samples * y * y).sum(1))


def _taus(a: Floats, b: Floats, samples: Floats) -> Floats:
    """tau-b of each sample; a structure and its own double in it are a tie."""
    both, untied_a, untied_b = (
        ((samples @ pairs) * samples).sum(1) for pairs in (a * b, a * a, b * b)
    )
    return _over(both, untied_a, untied_b)


def _over(both: Floats, a: Floats, b: Floats) -> Floats:
    size = np.sqrt(a * b)
    return np.divide(both, size, out=np.full_like(both, np.nan), where=size > 0)


def _samples(count: int) -> Floats:
    """How often each structure is in a sample of as many, drawn with replacement: one row a
    sample, the same ones each time."""
    rng = np.random.default_rng(SEED)
    samples: Floats = rng.multinomial(count, [1 / count] * count, SAMPLES).astype(float)
    return samples


def _interval(value: float, found: Floats) -> Interval:
    """Percentiles of what the samples came to; those that were constant say nothing."""
    known = found[~np.isnan(found)]
    edge = 50 * (1 - WITHIN)
    low, high = np.percentile(known, [edge, 100 - edge]) if len(known) else (value, value)
    return Interval(value, float(low), float(high))
