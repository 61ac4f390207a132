"""The example in the docstring of `Evolution` runs as it stands."""

import doctest

from engine.search import evolution


def test_the_example_of_evolution_runs():
    found = doctest.testmod(evolution)
    assert found.attempted > 5 and found.failed == 0
