"""The optimum against every structure of small spaces."""

import pytest
from hypothesis import HealthCheck, given, settings

from engine.optimum.problem import NoOptimum
from engine.optimum.search import Optimum
from tests.engine.optimum.every_structure import best_of, small_presets


def solved(preset) -> Optimum:
    optimum = Optimum(preset)
    while optimum.step():
        pass
    return optimum


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(small_presets())
def test_the_optimum_is_the_best_of_all(small):
    preset, structures = small
    found = best_of(preset, structures)
    if found is None:
        with pytest.raises(NoOptimum):
            solved(preset)
        return
    optimum = solved(preset)
    assert optimum.best.score.z == found[0]
    assert optimum.bound == found[0] and optimum.proven
    assert optimum.best.structure in structures
