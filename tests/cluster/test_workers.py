"""Workers of one search as actors of a cluster of this machine."""

import os
import signal
from dataclasses import replace
from importlib.util import find_spec

import psutil
import pytest

from engine.run.runner import Runner
from engine.scorers.workers.crew import Crew
from engine.scorers.workers.places import Here
from maedet_tui.cluster.workers import on_cluster
from tests.engine.scorers.test_workers import ORDER, SMALL
from tests.waiting import PATIENCE

# not by importing it, for the token of a cluster is read there
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="an extra")


def members(places, kill=False):
    """What a search with two workers finds; one of these is killed in the middle."""
    preset = replace(SMALL, schedule=replace(SMALL.schedule, iterations=1500))
    runner = Runner(preset, scorer=Crew(ORDER, 2, places, dtype="float32"))
    runner.start()
    killed = None
    while not runner.join(0.05):
        if kill and killed is None and runner.snapshot.iteration > 200:
            actors = [
                one for one in psutil.Process().children(recursive=True)
                if "ray::Actor" in " ".join(one.cmdline())
            ]  # fmt: skip
            killed = actors[0].pid
            os.kill(killed, signal.SIGKILL)
    assert runner.join(PATIENCE)
    snapshot = runner.snapshot
    assert (snapshot.state, snapshot.error) == ("finished", None)
    assert (killed is not None) == any("was lost" in one for one in snapshot.notices)
    return [(one.structure, one.score.z) for one in snapshot.members]


@needs_ray
@pytest.mark.nightly
def test_actors_find_what_processes_do_and_a_killed_one_is_replaced():
    here = members(Here)
    assert members(on_cluster("local"), kill=True) == here


@needs_ray
@pytest.mark.nightly
def test_a_cluster_that_is_absent_ends_the_search_with_a_sentence():
    runner = Runner(SMALL, places=on_cluster("127.0.0.1:1"))
    runner.start()
    assert runner.join(PATIENCE)
    assert "no cluster to search on" in runner.snapshot.error
    assert not runner.snapshot.error.startswith("the search broke off")
