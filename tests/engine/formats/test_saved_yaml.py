"""best.yaml holds all that is needed to know what a score in it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.formats import saved_yaml, structure_yaml
from engine.formats.saved_yaml import Saved
from engine.scorers.base import Score
from engine.settings import Objective
from engine.structure import StructureError
from engine.zoo import ZOO
from tests.strategies import structures

SAVED = Saved(
    structure=ZOO["maedet-m"].structure,
    score=Score(2283.6, (1.6, 14.5, 93.0, 181.9, 258.0), 8.5, "forward", "4 passes on cpu", 4),
    objective=Objective(384, (0.0, 0.0, 1.0, 1.0, 6.0), "nominal", "relu"),
    image_size=(800, 1280),
    search={"preset": "maedet-m", "seed": 3, "versions": {"python": "3.12"}, "audit": None},
    created="2024-05-06T07:08:09+00:00",
)


def test_everything_survives_a_round_trip():
    assert saved_yaml.loads(saved_yaml.dumps(SAVED)) == SAVED


@given(structures(), st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5))
def test_any_structure_and_score_survive(structure, entropies):
    score = Score(entropies[0], tuple(entropies), 0.5, "closed-form", "exact: #1, 'quoted'", 0)
    saved = Saved(structure, score, Objective(), (800, 1280), {}, "now")
    assert saved_yaml.loads(saved_yaml.dumps(saved)) == saved


def test_it_names_scorer_passes_objective_and_costs():
    text = saved_yaml.dumps(SAVED)
    for words in ("method: forward", "passes: 4", "size: nominal", "seed: 3", "flops: 89933136000"):
        assert words in text


def test_it_is_a_structure_file_as_well():
    assert structure_yaml.loads(saved_yaml.dumps(SAVED)) == SAVED.structure


@pytest.mark.parametrize(
    ("old", "new"),
    [("format: 1", "format: 99"), ("z: 2283.6", "z: lots"), ("method", "methud"),
     ("1280x800", "big"), ("kernel: 5", "kernel: 4"), ("score:", "scores:")],
)  # fmt: skip
def test_a_damaged_file_is_refused(old, new):
    text = saved_yaml.dumps(SAVED)
    assert old in text
    with pytest.raises(StructureError):
        saved_yaml.loads(text.replace(old, new, 1))
