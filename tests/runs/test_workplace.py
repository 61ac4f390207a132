"""Where the workers of a search are."""

from dataclasses import replace

import pytest

from maedet_tui.errors import SaveError
from maedet_tui.runs.workplace import HERE, Workplace
from tests.engine.run.quick import QUICK


def test_a_place_is_passed_on_to_who_goes_on_with_a_search():
    assert HERE.words() == [] and HERE.applied(QUICK) is QUICK and HERE.places() is None
    at = Workplace(4, "10.0.0.1:6379")
    assert at.words() == ["--workers", "4", "--ray", "10.0.0.1:6379"]
    assert at.applied(QUICK) == replace(QUICK, workers=4)
    assert at.places() is not None
    with pytest.raises(SaveError, match="add --workers N"):
        Workplace(ray="auto").applied(QUICK)
