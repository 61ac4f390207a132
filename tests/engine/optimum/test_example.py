"""The example in the docstring of `Optimum` runs as it stands."""

import doctest

from engine.optimum import search


def test_the_example_of_optimum_runs():
    found = doctest.testmod(search)
    assert found.attempted > 5 and found.failed == 0
