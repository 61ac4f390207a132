"""`maedet-tui watch` in a pseudo-terminal: looking on at a search of another process."""

import pytest

from maedet_tui.store.lock import holder
from maedet_tui.store.reader import RunReader
from tests.cli.conftest import iteration, program
from tests.ui.test_terminal import PRESET, Terminal
from tests.waiting import PATIENCE, until


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick.yaml").write_text(PRESET.replace("ITERATIONS", "2000"))
    return tmp_path


def test_a_search_of_another_process_is_watched_and_left_running(folder):
    search = program("search", "quick.yaml", "--name", "a", "--iterations", "100000000", "--json")
    try:
        until(lambda: iteration(folder / "runs/a") or search.poll() is not None)
        terminal = Terminal(folder, "watch", "a")
        terminal.sees("running", "quick")
        terminal.child.send(" ")
        terminal.sees("paused")
        terminal.child.send(" ")
        terminal.sees("running")
        terminal.child.send("q")
        assert terminal.ends() == 0
        assert b"The search goes on" in terminal.output and terminal.given_back
        assert holder(folder / "runs/a").pid == search.pid
    finally:
        search.terminate()
        search.communicate(timeout=PATIENCE)
    assert search.returncode == 143
    assert RunReader(folder / "runs/a").status().state == "stopped"


def test_a_finished_run_opens_in_the_same_dashboard(folder):
    search = program("search", "quick.yaml", "--name", "a", "--json")
    search.communicate(timeout=PATIENCE)
    terminal = Terminal(folder, "watch", "runs/a")
    terminal.sees("finished", "2,000")
    terminal.child.send("q")
    assert terminal.ends() == 0 and terminal.given_back
