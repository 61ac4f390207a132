"""The optimum against every structure of small spaces."""

import pytest
from hypothesis import HealthCheck, given, settings

from engine.optimum.problem import NoOptimum
from engine.optimum.search import Optimum
from tests.engine.optimum.every_structure import best_of, small_presets

CHECKS = list(HealthCheck)


def solved(preset) -> Optimum:
    optimum = Optimum(preset)
    while optimum.step():
        pass
    return optimum


def compare(preset, structures):
    """The optimum is the best of all structures, to the last digit, and says so."""
    found = best_of(preset, structures)
    if found is None:
        with pytest.raises(NoOptimum):
            solved(preset)
        return
    optimum = solved(preset)
    assert optimum.best.score.z == found[0]
    assert optimum.bound == found[0] and optimum.certificate.proven
    assert optimum.best.structure in structures


@settings(max_examples=6, deadline=None, suppress_health_check=CHECKS)
@given(small_presets())
def test_the_optimum_is_the_best_of_all(small):
    compare(*small)


@pytest.mark.nightly
@settings(max_examples=150, deadline=None, suppress_health_check=CHECKS)
@given(small_presets(sizes=("nominal", "area", "log-channels", "volume")))
def test_the_optimum_is_the_best_of_all_in_many_spaces(small):
    compare(*small)


@settings(max_examples=3, deadline=None, suppress_health_check=CHECKS)
@given(small_presets(sizes=("volume",)))
def test_the_reading_volume_whose_z_is_not_concave(small):
    compare(*small)
