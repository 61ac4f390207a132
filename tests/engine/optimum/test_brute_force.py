"""The optimum against every structure of small spaces."""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.engine.optimum.every_structure import compare, small_presets

CHECKS = list(HealthCheck)


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
