"""A search by closed form whose best are measured by forward passes at its end."""

from dataclasses import replace

import pytest

from engine.run.runner import Runner
from engine.scorers.base import ScoringError
from engine.settings import Budget, Objective, Preset, Schedule
from engine.zoo import ZOO

PRESET = Preset(
    "warm",
    ZOO["initial"].structure,
    Budget(flops=91_000_000_000, layers=31),
    Objective(resolution=64),
    schedule=Schedule("auto", 200, keep=3, trade=0.3, warm_start="closed-form"),
    device="cpu",
)


@pytest.mark.nightly
@pytest.mark.parametrize("scorer", ["auto", "forward"])
def test_the_best_of_the_closed_form_are_measured_and_ranked(scorer):
    runner = Runner(replace(PRESET, scorer=scorer))
    runner.start()
    assert runner.join(300)
    snapshot = runner.snapshot
    assert (snapshot.state, snapshot.error, snapshot.audit) == ("finished", None, None)
    assert snapshot.scorer.startswith("closed form")
    assert {member.score.method for member in snapshot.members} == {"closed-form"}
    assert len(snapshot.recheck) == 3
    best = snapshot.best
    assert best == snapshot.recheck[0].candidate
    assert best.score.method == "forward" and best.score.passes >= 8 and best.score.z_error > 0
    by_form = {member.structure: member.score.z for member in snapshot.members[:3]}
    for ranked in snapshot.recheck:
        score = ranked.candidate.score
        assert abs(score.z - by_form[ranked.candidate.structure]) < 8 * score.z_error


@pytest.mark.nightly
def test_going_on_from_its_end_measures_the_same():
    first = Runner(PRESET)
    first.start()
    assert first.join(300)
    again = Runner(PRESET, start_from=first.checkpoint)
    again.start()
    assert again.join(300)
    assert again.snapshot.recheck == first.snapshot.recheck


def test_a_device_that_is_absent_is_refused_before_the_search(monkeypatch):
    def absent(device):
        raise ScoringError("no such device")

    monkeypatch.setattr("engine.run.preparing.resolve_device", absent)
    runner = Runner(PRESET)
    runner.start()
    assert runner.join(60)
    assert runner.snapshot.state == "failed" and runner.snapshot.error == "no such device"
    assert runner.snapshot.best is None
