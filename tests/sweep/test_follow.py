"""A sweep that is looked at again and again: what is new is seen, and nothing else is read."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from maedet_tui.store.lock import RunLock
from maedet_tui.sweep import follow
from maedet_tui.sweep.follow import Follower
from maedet_tui.sweep.searched import Ended, Task
from maedet_tui.sweep.standing import standing
from maedet_tui.sweep.store import SweepStore
from maedet_tui.sweep.worker import search


@pytest.fixture
def running(made):
    """Three searches that a process seems to be at, each with a run."""
    folder = made(seeds=3)
    first, *others = standing(folder).searches
    with SweepStore(folder, write=True) as store:
        text = store.preset_text(1)
        search(Task(1, str(folder / first.name), text), lambda: False, lambda: None)
        store.set_states([1, 2, 3], "running")
    for one in others:
        shutil.copytree(folder / first.name, folder / one.name)
    lock = RunLock(folder)
    lock.take()
    yield folder
    lock.release()


@pytest.fixture
def read(monkeypatch):
    """The numbers of the searches whose runs are opened."""
    numbers, now = [], follow.now

    def noted(folder, one, live):
        numbers.append(one.number)
        return now(folder, one, live)

    monkeypatch.setattr(follow, "now", noted)
    return numbers


def further(folder, number, iteration):
    name = standing(folder).searches[number - 1].name
    with closing(sqlite3.connect(folder / name / "run.db")) as run:
        run.execute("UPDATE status SET iteration = ?", (iteration,))
        run.commit()
    return folder / name


def at(follower):
    return [one.iteration for one in follower.look().standing.searches]


def test_only_the_run_that_was_written_is_opened_again(running, read):
    with closing(Follower(running)) as follower:
        assert [at(follower) for _ in range(4)] == [[300] * 3] * 4
        read.clear()
        assert at(follower) == [300] * 3 and read == []
        further(running, 2, 7)
        assert [at(follower) for _ in range(4)] == [[300, 7, 300]] * 4
        assert set(read) == {2}
        read.clear()
        assert at(follower) == [300, 7, 300] and read == []


def test_what_is_written_within_a_tick_of_the_clock_is_seen_at_the_next_look(running, read):
    with closing(Follower(running)) as follower:
        run = further(running, 1, 7)
        stamps = {path: path.stat().st_mtime_ns for path in run.iterdir()}
        assert at(follower) == [7, 300, 300]
        further(running, 1, 8)
        for path, then in stamps.items():
            os.utime(path, ns=(then, then))
        assert at(follower) == [8, 300, 300]


def test_what_ends_begins_and_loses_its_driver_is_seen(running, read):
    with closing(Follower(running)) as follower:
        at(follower)
        with SweepStore(running, write=True) as store:
            store.end(2, Ended("finished", iteration=299, z=1.0))
            store.set_states([3], "waiting")
        states = [one.state for one in follower.look().standing.searches]
        assert states == ["running", "finished", "waiting"]


def test_what_has_not_begun_is_not_looked_for(made, read):
    folder = made(seeds=3)
    with closing(Follower(folder)) as follower:
        assert at(follower) == [0, 0, 0] and read == []
        found = follower.look().standing
    assert found == standing(folder) and not found.live


def test_without_a_driver_what_ran_was_interrupted(running):
    with closing(Follower(running)) as follower:
        assert follower.look().standing.counts == {"running": 3}
        os.rename(running / "run.lock", running / "gone")  # as if its process had died
        assert follower.look().standing.counts == {"interrupted": 3}
