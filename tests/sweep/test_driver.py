"""Whatever becomes of processes and disks, every search ends once."""

import contextlib
import sqlite3

import pytest

from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import RunLock
from maedet_tui.sweep.begin import driving, find_sweep, new_sweep
from maedet_tui.sweep.driver import MOST_LOST, Driver
from maedet_tui.sweep.plan import Wanted, plan
from maedet_tui.sweep.processes import Died
from maedet_tui.sweep.searched import Ended
from maedet_tui.sweep.standing import standing
from maedet_tui.sweep.store import SweepStore
from maedet_tui.sweep.worker import search
from tests.lanes import AtOnce


def drive(folder, lanes, stopped=lambda: False):
    with driving(folder) as store:
        driver = Driver(store, lanes)
        driver.run(lambda: None, stopped)
    return driver


def states(folder):
    return [one.state for one in standing(folder).searches]


def done(task):
    return Ended(
        "finished", place="here", iteration=300, seconds=1.0, z=float(task.number), flops=10**9
    )


def test_every_search_is_handed_over_once_and_what_it_found_is_kept(made):
    folder = made(seeds=5)
    lanes = AtOnce(done, capacity=2)
    drive(folder, lanes)
    assert lanes.handed == [1, 2, 3, 4, 5] and lanes.closed
    assert [one.z for one in standing(folder).searches] == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_what_has_finished_is_not_repeated(made):
    folder = made(seeds=4)

    def half(task):
        return done(task) if task.number % 2 else Ended("stopped", iteration=10)

    drive(folder, AtOnce(half, capacity=2))
    assert states(folder) == ["finished", "stopped"] * 2
    lanes = AtOnce(done, capacity=2)
    drive(folder, lanes)
    assert lanes.handed == [2, 4]
    assert states(folder) == ["finished"] * 4


def test_a_search_that_fails_for_its_own_reason_leaves_the_others_alone(made):
    folder = made(seeds=3)

    def second(task):
        if task.number == 2:
            raise RuntimeError("a bug")
        return done(task)

    drive(folder, AtOnce(second, capacity=2))
    assert states(folder) == ["finished", "failed", "finished"]
    assert "a bug" in standing(folder).searches[1].error


def test_a_search_whose_process_is_killed_goes_on_until_that_leads_nowhere(made):
    folder = made(seeds=2)
    lost = []

    def unlucky(task):
        if task.number == 1:
            lost.append(task)
            raise Died("the process was killed")
        return done(task)

    drive(folder, AtOnce(unlucky, capacity=2))
    assert len(lost) == MOST_LOST
    assert states(folder) == ["failed", "finished"]
    assert "is there enough memory" in standing(folder).searches[0].error


def test_a_search_that_ended_before_that_was_recorded_counts_once(made):
    """As when the driver is killed in between: the run itself knows."""
    folder = made(seeds=1)
    with SweepStore(folder) as store:
        text = store.preset_text(1)
    from maedet_tui.sweep.searched import Task

    name = standing(folder).searches[0].name
    found = search(Task(1, str(folder / name), text), lambda: False, lambda: None)
    assert found.state == "finished" and found.iteration == 300
    lanes = AtOnce(done, capacity=2)
    drive(folder, lanes)
    assert lanes.handed == []
    assert standing(folder).searches[0].z == found.z


def test_stopping_leaves_what_has_not_begun_to_wait(made):
    folder = made(seeds=4)
    lanes = AtOnce(done)
    drive(folder, lanes, stopped=lambda: len(lanes.handed) == 2)
    assert lanes.stopped and lanes.closed
    assert states(folder) == ["finished", "finished", "waiting", "waiting"]


def test_wishes_of_other_processes_are_heeded(made):
    folder = made(seeds=3)

    def wishing(task):
        with SweepStore(folder) as store:
            store.wish("stop")
        return done(task)

    lanes = AtOnce(wishing)
    drive(folder, lanes)
    assert lanes.handed == [1]
    drive(folder, AtOnce(done, capacity=2))  # a wish of before means nothing any more
    assert states(folder) == ["finished"] * 3


def test_paused_nothing_begins(made):
    folder, looks = made(seeds=3), []

    def pausing(task):
        with SweepStore(folder) as store:
            store.wish("pause")
        return done(task)

    lanes = AtOnce(pausing)

    def later():
        looks.append(len(lanes.handed))
        return len(looks) > 2

    drive(folder, lanes, stopped=later)
    assert lanes.handed == [1]


def test_a_disk_that_is_full_for_a_while_loses_nothing(made, monkeypatch):
    folder, tries = made(seeds=2), []
    end = SweepStore.end

    def full(self, number, ended):
        tries.append(number)
        if len(tries) < 4:
            raise StoreError("no space left")
        end(self, number, ended)

    monkeypatch.setattr(SweepStore, "end", full)
    driver = drive(folder, AtOnce(done, capacity=2))
    assert driver.trouble is None
    assert states(folder) == ["finished", "finished"]


def test_one_process_drives_a_sweep(made):
    folder = made(seeds=2)
    lock = RunLock(folder)
    lock.take()
    try:
        with pytest.raises(StoreError, match="driven by process"), driving(folder):
            pass
    finally:
        lock.release()


def test_a_taken_name_is_refused_and_a_wrong_one_is_not_found(made):
    folder = made(seeds=2)
    wanted = Wanted(("quick.yaml",))
    with pytest.raises(Exception, match="is there already"):
        new_sweep(wanted, plan(wanted), folder.parent, "family")
    with pytest.raises(StoreError, match="did you mean family"):
        find_sweep("famly", folder.parent)
    assert find_sweep("family", folder.parent) == folder


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE searches SET state = 'odd'",
        "UPDATE searches SET name = '../elsewhere' WHERE number = 1",
        "UPDATE searches SET number = 9 WHERE number = 2",
        "UPDATE searches SET varied = '{'",
        "UPDATE searches SET z = 'high'",
        "UPDATE searches SET structure = '[[1]]'",
        "PRAGMA user_version = 7",
        "PRAGMA application_id = 7",
        "CREATE VIEW v AS SELECT 1",
        "DROP TABLE searches",
    ],
)
def test_a_damaged_sweep_is_told_in_a_sentence(made, damage):
    folder = made(seeds=2)
    with contextlib.closing(sqlite3.connect(folder / "sweep.db")) as file:
        file.execute(damage)
        file.commit()
    with pytest.raises(StoreError, match=r"sweep\.db: "):
        standing(folder)
