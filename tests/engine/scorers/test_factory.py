"""Scorers by name, and what is said of one that there is not."""

import pytest

from engine.scorers import factory
from engine.scorers.base import ScoringError
from engine.scorers.closed_proxies.zen_score import ClosedZenScore
from engine.scorers.factory import make_scorer
from engine.settings import SCORERS, Forward, Objective
from engine.zoo import ZOO

INITIAL = ZOO["initial"].structure


@pytest.mark.parametrize("name", SCORERS)
def test_every_scorer_is_made_by_its_name(name):
    scorer = make_scorer(name, "cpu", Objective(resolution=64), Forward())
    assert scorer.method == ("closed-form" if name == "auto" else name)


def test_an_unknown_scorer_lists_those_that_there_are():
    with pytest.raises(ScoringError, match=r"unknown scorer 'zen', use one of .*zen-score"):
        make_scorer("zen", "cpu", Objective(), Forward())


def test_auto_takes_a_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(factory, "cuda_available", lambda: True)
    assert factory.resolve_device("auto") == "cuda"
    assert factory.resolve_device("cpu") == "cpu"


def test_no_gpu_is_looked_for_by_importing_torch_where_there_is_no_driver():
    assert factory.resolve_device("auto") == "cpu"
    with pytest.raises(ScoringError, match="use device: cpu"):
        factory.resolve_device("cuda")


@pytest.mark.parametrize("value", [lambda structure: float("nan"), lambda structure: 1 / 0])
def test_a_structure_without_a_finite_value_is_refused_in_a_sentence(monkeypatch, value):
    scorer = ClosedZenScore(Objective(resolution=64), Forward())
    monkeypatch.setattr(scorer, "value", value)
    with pytest.raises(ScoringError, match="has no finite zen-score"):
        scorer.score([INITIAL])


def test_where_there_is_a_driver_torch_is_asked(monkeypatch):
    monkeypatch.setattr(factory.Path, "exists", lambda path: True)
    for there in (True, False):
        monkeypatch.setattr("torch.cuda.is_available", lambda there=there: there)
        assert factory.cuda_available() is there
