"""The bound beside a search: what it says, what it ends, and what it does when it fails."""

import logging
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from engine.optimum import beside
from engine.optimum.search import certified
from engine.run import bound as module
from engine.run import preparing
from engine.run.bound import Beside, bounded
from engine.run.runner import Runner
from engine.run.search import Search
from engine.scorers.closed_form import ClosedForm
from engine.search.member import Member
from engine.settings import Budget, Preset, Schedule, Space
from engine.snapshot import Bound
from engine.zoo import ZOO
from tests.engine.run.quick import ENDLESS, QUICK, finished
from tests.waiting import PATIENCE, until

SMALL = Preset(
    "small",
    ZOO["initial"].structure,
    Budget(flops=20_000_000_000, layers=31),
    space=Space(kernels=(3,), stage_depths=(1, 2, 3, 4, 3)),
    schedule=Schedule(population=16, iterations=300, keep=5),
    scorer="closed-form",
    audit=False,
)


@pytest.fixture
def patient(monkeypatch):
    """However busy the machine is, the end of a search waits for its bound."""
    monkeypatch.setattr(module, "PATIENCE", PATIENCE)


class Told:
    """Stands in for the bound of a process."""

    trouble = None

    def __init__(self, latest):
        self.latest = latest

    def hurry(self):
        pass

    def finish(self, cancelled):
        pass

    def close(self):
        pass


def telling(monkeypatch, value):
    monkeypatch.setattr(preparing, "Beside", lambda preset, known: Told(Bound(value)))


def test_a_search_ends_with_its_distance_from_the_best_possible(patient):
    snapshot = finished(SMALL).snapshot
    optimum = certified(SMALL, PATIENCE)
    bound = snapshot.bound
    assert (bound.value, bound.working) == (optimum.bound, False)
    assert bound.z == snapshot.best.score.z <= bound.value
    assert bound.gap == pytest.approx(1 - bound.z / bound.value) and not bound.without_latency
    assert bound.worth[0].name == "flops" and bound.worth[0].gain > 0
    assert not snapshot.notices


def test_what_gets_known_gets_lower():
    found = list(beside.bounds(SMALL))
    values = [one.value for one in found]
    assert values == sorted(values, reverse=True) and found[-1].value is not None
    assert [one.working for one in found[-2:]] == [False, False]
    assert {one.name for one in found[-1].worth} == {"flops", "layers"}


def test_what_takes_too_long_is_left_as_it_is():
    asked = iter([False, False, True])
    found = list(beside.bounds(SMALL, spent=lambda: next(asked)))
    assert not found[-1].working and not found[-1].worth and found[-1].value > 736.7


def test_nobody_wants_to_know_any_more():
    (only,) = beside.bounds(SMALL, lambda: True)
    assert only.value is None and not only.worth


def test_the_process_ends_with_whoever_began_it():
    process = subprocess.Popen(
        [sys.executable, "-c", module.CODE, "."], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        process.stdin.close()
        assert process.wait(PATIENCE)  # there was no preset


def test_a_stopped_search_leaves_no_process(monkeypatch):
    monkeypatch.setattr(module, "DELAY", 0.0)
    runner = Runner(replace(ENDLESS, bound=True))
    runner.start()
    until(lambda: runner._search.beside and runner._search.beside._process)
    process = runner._search.beside._process
    runner.stop()
    assert runner.join(PATIENCE)
    assert process.wait(PATIENCE)
    assert runner.snapshot.state == "stopped" and not runner.snapshot.notices


def test_a_process_that_fails_is_told_and_the_search_goes_on(patient, monkeypatch, caplog):
    monkeypatch.setattr(module, "CODE", "raise ImportError('no numpy here')")
    # larger than a pipe holds: the process has ended before it is told all
    wordy = replace(QUICK, description="x" * 1_000_000, bound=True)
    snapshot = finished(wordy).snapshot
    assert snapshot.state == "finished" and snapshot.bound is None
    assert snapshot.notices == (f"{module.FAILED}ImportError: no numpy here",)
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "Traceback" in record.getMessage()


def test_a_process_that_cannot_begin_is_told_too(patient, monkeypatch, caplog):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    snapshot = finished(replace(QUICK, bound=True)).snapshot
    assert snapshot.state == "finished" and snapshot.bound is None
    assert "/nowhere/python" in snapshot.notices[0]


def test_what_cannot_be_proven_is_said(patient):
    odd = replace(SMALL, space=replace(SMALL.space, width_step=1, blocks=("InvertedBlock",)))
    told = Beside(odd)
    told.finish(lambda: False)
    until(lambda: told.trouble)
    assert "width_step" in told.trouble
    until(lambda: told.latest is None)


def test_a_kind_without_a_bound_is_told_however_short_the_search(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    wide = {"blocks": ("ResBlock", "GroupedBlock")}
    snapshot = finished(replace(QUICK, bound=True, space=replace(QUICK.space, **wide))).snapshot
    assert snapshot.bound is None and snapshot.notices[0].startswith(
        f"{module.FAILED}nothing is proven of spaces with a GroupedBlock"
    )


def test_a_bound_that_is_known_is_not_computed_again():
    known = Bound(2400.0, working=False)
    told = Beside(QUICK, known)
    assert told._thread is None and told.latest is known


def test_what_was_known_before_still_holds(patient):
    told = Beside(SMALL, Bound(800.0, working=True))
    assert told.latest.value == 800.0
    told._take(asdict(Bound(900.0, working=True)))
    assert told.latest.value == 800.0
    told.close()


@pytest.mark.parametrize(
    ("preset", "has"),
    [
        (replace(QUICK, bound=True), True),
        (QUICK, False),
        (replace(SMALL, scorer="zen-score"), False),
        (replace(SMALL, scorer="synflow-closed-form"), False),
        (replace(SMALL, schedule=replace(SMALL.schedule, strategy="exact")), False),
    ],
)
def test_which_searches_have_one(preset, has):
    assert bounded(preset) is has


def test_a_measured_best_is_compared_in_closed_form():
    search = Search(QUICK)
    (proposal,) = search.evolution.ask()
    (expected,) = ClosedForm(QUICK.objective).score([proposal.structure])
    search.beside = Told(Bound(5000.0))
    assert search.bound().z is search.bound().gap is None
    search.best = Member(proposal, replace(expected, z=expected.z + 7, method="forward"))
    assert search.bound().z == expected.z and search.bound().gap == pytest.approx(
        1 - expected.z / 5000
    )


def test_a_search_ends_near_enough_to_the_best_possible(monkeypatch):
    value = finished(QUICK).snapshot.best.score.z
    telling(monkeypatch, value)
    schedule = replace(ENDLESS.schedule, iterations=3000, stop_gap=0.3)
    snapshot = finished(replace(ENDLESS, bound=True, schedule=schedule)).snapshot
    assert snapshot.state == "finished" and 0 < snapshot.iteration < 3000
    assert snapshot.bound.gap <= 0.3
    assert snapshot.notices[0].startswith("ended by search.stop_gap")


def test_a_search_ends_when_its_time_is_over():
    preset = replace(ENDLESS, schedule=replace(ENDLESS.schedule, time_limit=0.2))
    snapshot = finished(preset).snapshot
    assert snapshot.state == "finished" and snapshot.seconds >= 0.2
    assert snapshot.notices == ("ended by search.time_limit",)
