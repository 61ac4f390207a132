"""`pause` and `stop` where the process that searches does not do as it is told."""

import contextlib
import os
import sqlite3

import pytest

from maedet_tui.cli import control
from maedet_tui.store.lock import RunLock


def is_now(folder, state):
    """Write into the database of a run where it stands."""
    with contextlib.closing(sqlite3.connect(folder / "run.db")) as file:
        file.execute("UPDATE status SET state = ?", (state,))
        file.commit()


@pytest.fixture
def held(run, folder):
    """A run, runs/one, that seems to be searched by a process, which does as it likes."""
    assert run("search", "quick.yaml", "--headless", "--name", "one").exit_code == 0
    is_now(folder / "runs/one", "running")
    lock = RunLock(folder / "runs/one")
    lock.take()
    yield folder / "runs/one"
    lock.release()


@pytest.mark.parametrize("word", ["pause", "stop"])
def test_a_screen_that_has_a_finished_run_open_is_left_alone(run, held, monkeypatch, word):
    is_now(held, "finished")
    monkeypatch.setattr("os.kill", lambda *_: pytest.fail("somebody's screen was ended"))
    result = run(word, "one")
    assert result.exit_code == 1
    assert f"has finished already; process {os.getpid()}" in result.stderr
    assert "merely has it open" in result.stderr


def test_the_search_of_a_damaged_run_can_be_stopped(run, held, monkeypatch):
    is_now(held, "nonsense")
    monkeypatch.setattr("maedet_tui.store.control.stop", lambda folder: True)
    assert run("stop", "one").exit_code == 0


def test_nobody_searches_a_run_that_has_finished(run):
    run("search", "quick.yaml", "--headless", "--name", "one")
    for word in ("pause", "stop"):
        result = run(word, "one")
        assert result.exit_code == 1
        assert "has finished already; nobody searches it" in result.stderr


def test_a_search_that_ends_before_it_could_pause(run, held, monkeypatch):
    def ends(done, patience):
        is_now(held, "finished")
        return done()

    monkeypatch.setattr(control, "wait_for", ends)
    result = run("pause", "one")
    assert result.exit_code == 0 and "has finished meanwhile" in result.stdout


def test_a_pause_may_have_to_wait_for_a_pass(run, held, monkeypatch):
    monkeypatch.setattr(control, "wait_for", lambda done, patience: False)
    result = run("pause", "one")
    assert result.exit_code == 0
    assert "will pause when the pass that it is in allows it" in result.stdout


def test_a_process_that_does_not_stop_is_a_failure(run, held, monkeypatch):
    monkeypatch.setattr("maedet_tui.store.control.stop", lambda folder: False)
    result = run("stop", "one")
    assert result.exit_code == 1
    assert "does not stop; its process neither heeds the wish nor a SIGTERM" in result.stderr
