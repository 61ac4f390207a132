"""`pause` and `stop` where the process that searches does not do as it is told."""

import pytest

from maedet_tui.cli import control
from maedet_tui.store.lock import RunLock


@pytest.fixture
def held(run, folder):
    """A run, runs/one, that has finished and that a process holds all the same."""
    assert run("search", "quick.yaml", "--headless", "--name", "one").exit_code == 0
    lock = RunLock(folder / "runs/one")
    lock.take()
    yield folder / "runs/one"
    lock.release()


def test_nobody_searches_a_run_that_has_finished(run):
    run("search", "quick.yaml", "--headless", "--name", "one")
    for word in ("pause", "stop"):
        result = run(word, "one")
        assert result.exit_code == 1
        assert "has finished already; nobody searches it" in result.stderr


def test_a_search_that_ends_before_it_could_pause(run, held):
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
