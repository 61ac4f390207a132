"""A search that proves its optimum: what it publishes, how it is steered, how it goes on."""

from dataclasses import replace

import pytest

from engine.optimum.search import certified
from engine.run.runner import Runner
from engine.settings import Space
from tests.engine.run.quick import finished
from tests.engine.run.test_bound import SMALL
from tests.waiting import PATIENCE, until

EXACT = replace(SMALL, scorer="auto", schedule=replace(SMALL.schedule, strategy="exact"))


@pytest.fixture(scope="module")
def proven():
    return certified(SMALL, PATIENCE)


def test_its_best_is_the_optimum(proven):
    snapshot = finished(EXACT).snapshot
    assert (snapshot.state, snapshot.error) == ("finished", None)
    assert snapshot.best.structure == proven.best.structure
    assert snapshot.best.score == proven.best.score
    assert snapshot.bound.proven and not snapshot.bound.working
    assert {one.name for one in snapshot.bound.worth} == {"flops", "layers"}
    assert snapshot.iteration >= proven.skeletons and snapshot.iterations >= snapshot.iteration
    assert snapshot.history and snapshot.bests[-1].z == snapshot.best.score.z
    born = [one.iteration for one in snapshot.bests]
    assert born == sorted(set(born)) and born[0] == 0
    assert snapshot.members[0].structure == snapshot.best.structure


def test_it_goes_on_from_its_best_and_below_its_bound(proven):
    runner = Runner(EXACT)
    runner.start()
    until(lambda: runner.checkpoint and runner.checkpoint.evolution.best)
    runner.stop()
    assert runner.join(PATIENCE)
    checkpoint = runner.checkpoint
    again = finished(EXACT, start_from=checkpoint).snapshot
    assert again.best.score == proven.best.score and again.bound.proven
    assert again.best.score.z >= checkpoint.evolution.best.score.z
    assert again.iteration >= checkpoint.iteration
    born = [one.iteration for one in again.bests]
    assert born == sorted(set(born))


def test_it_ends_near_enough_or_when_its_time_is_over():
    near = replace(EXACT, schedule=replace(EXACT.schedule, stop_gap=0.9))
    snapshot = finished(near).snapshot
    assert snapshot.state == "finished" and snapshot.bound.gap <= 0.9
    short = replace(EXACT, schedule=replace(EXACT.schedule, time_limit=1e-9))
    snapshot = finished(short).snapshot
    assert snapshot.notices == ("ended by search.time_limit",) and snapshot.best is not None


def test_it_says_why_there_is_no_optimum():
    odd = replace(EXACT, space=Space(width_step=1, blocks=("InvertedBlock",)))
    snapshot = finished(odd).snapshot
    assert snapshot.state == "failed" and "width_step" in snapshot.error
    assert snapshot.best is not None
