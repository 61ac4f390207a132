"""Where records go: to the run's log, else to the user's, and never to the terminal."""

import errno
import io
import logging
import os
import stat
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from maedet_tui import log_file, logs


@pytest.fixture(autouse=True)
def state(user_log):
    """The user's log of this test."""
    return user_log


def record(text, level=logging.WARNING, name="maedet_tui.somewhere"):
    logging.getLogger(name).log(level, text)


def test_nothing_is_made_until_there_is_something_to_say(state):
    logs.begin()
    record("of no account", logging.INFO)
    assert logs.path() == state and not state.parent.exists()


def test_records_go_to_the_users_log_and_not_to_the_terminal(state, capfd):
    logs.begin()
    record("the disk is slow")
    record("of another package", name="asyncio")
    lines = state.read_text().splitlines()
    assert lines[0].endswith("WARNING maedet_tui.somewhere: the disk is slow")
    assert lines[1].endswith("WARNING asyncio: of another package")
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "level, written", [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)]
)
def test_a_level_and_what_is_above_it_are_written(state, level, written):
    logs.begin(level)
    for one in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        record("a record", one)
    record("of another package", logging.INFO, "another")
    assert len(state.read_text().splitlines()) == written


def test_while_a_run_is_searched_its_own_log_is_written(state, tmp_path):
    logs.begin()
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    first_over = logs.for_run(first)
    record("in the first")
    second_over = logs.for_run(second)
    assert logs.path() == second / "run.log"
    record("in the second")
    first_over()
    record("in the second, too")
    second_over()
    second_over()
    record("after both")
    assert len((first / "run.log").read_text().splitlines()) == 1
    assert len((second / "run.log").read_text().splitlines()) == 2
    assert len(state.read_text().splitlines()) == 1 and logs.path() == state


def test_a_run_whose_folder_is_gone_leaves_its_records_to_the_users_log(state, tmp_path):
    logs.begin()
    logs.for_run(tmp_path / "removed")
    record("too late")
    assert "too late" in state.read_text() and not (tmp_path / "removed").exists()


def test_a_log_that_is_removed_is_begun_anew(state):
    logs.begin()
    record("one")
    state.unlink()
    record("two")
    assert "two" in state.read_text()


def test_a_runs_log_that_cannot_be_written_leaves_it_to_the_users(state, tmp_path):
    logs.begin()
    (tmp_path / "run" / "run.log").mkdir(parents=True)
    logs.for_run(tmp_path / "run")
    said = logs.failure("Something failed", ValueError("why"))
    assert said == f"Something failed (ValueError: why); the traceback is in {state}"
    assert "Traceback" not in said and "ValueError: why" in state.read_text()


def test_where_no_log_can_be_written_nothing_stops_and_it_is_said(state, capfd):
    state.parent.parent.parent.write_text("a file where the folder should be")
    logs.begin()
    record("nowhere")
    said = logs.failure("Something failed", ValueError("why"))
    assert said == "Something failed (ValueError: why), and no log could be written to say where."
    assert capfd.readouterr() == ("", "")


class FullDisk(io.StringIO):
    def flush(self):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_stops_nothing(state, capfd, monkeypatch):
    logs.begin()
    record("one")
    _, log = logs._handler._open
    monkeypatch.setattr(log, "stream", FullDisk())
    assert "no log could be written" in logs.failure("Something failed", ValueError("why"))
    assert capfd.readouterr() == ("", "")


def test_a_log_does_not_grow_for_ever(state, monkeypatch):
    monkeypatch.setattr(log_file, "MOST", 10_000)
    logs.begin()
    for _ in range(300):
        record("x" * 500)
    files = sorted(state.parent.iterdir())
    assert [path.name for path in files] == ["maedet-tui.log", "maedet-tui.log.1"]
    assert all(path.stat().st_size <= 10_000 for path in files)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)


BACKGROUND = """
import logging, sys
from pathlib import Path
from maedet_tui import log_file, logs
log_file.MOST = 2_000
logs.begin()
logs.for_run(Path("."))
print("before", flush=True)
for _ in range(8):
    logging.getLogger("maedet_tui").warning("x" * 300)
print("after", flush=True)
"""


def test_output_of_a_run_in_the_background_follows_to_the_new_file(tmp_path):
    with (tmp_path / "run.log").open("ab") as log:
        subprocess.run([sys.executable, "-c", BACKGROUND], cwd=tmp_path, stdout=log, stderr=log,
                       check=True, env={**os.environ, "PYTHONPATH": os.getcwd()})  # fmt: skip
    assert "before" in (tmp_path / "run.log.1").read_text()
    assert "after" in (tmp_path / "run.log").read_text()


def fail_in_a_thread(error):
    def work():
        raise error

    thread = threading.Thread(target=work, name="worker bee")
    thread.start()
    thread.join()


def test_a_thread_that_fails_is_told_and_written_down(state, capfd):
    logs.begin()
    told = []
    over = logs.tell(told.append)
    fail_in_a_thread(ZeroDivisionError("by zero"))
    over()
    assert told == [
        "The thread 'worker bee' has failed (ZeroDivisionError: by zero); "
        f"the traceback is in {state}"
    ]
    assert "Traceback" in state.read_text() and "in work" in state.read_text()
    assert capfd.readouterr() == ("", "")


def test_without_a_screen_it_is_printed_as_ever(state, capfd):
    logs.begin()
    fail_in_a_thread(ZeroDivisionError("by zero"))
    assert "ZeroDivisionError: by zero" in capfd.readouterr().err
    assert "ZeroDivisionError: by zero" in state.read_text()
    fail_in_a_thread(SystemExit())
    assert capfd.readouterr().err == ""


def test_what_fails_while_it_is_thrown_away_is_written_down(state, capfd):
    class Fragile:
        def __del__(self):
            raise ValueError("in the end")

    logs.begin()
    over = logs.tell(lambda said: pytest.fail(said))
    del (fragile := SimpleNamespace(one=Fragile())).one
    over()
    assert fragile and "ValueError: in the end" in state.read_text()
    assert capfd.readouterr() == ("", "")


def test_hooks_of_others_stay(monkeypatch):
    def mine(_):
        return None

    monkeypatch.setattr(threading, "excepthook", mine)
    monkeypatch.setattr(sys, "unraisablehook", mine)
    logs.begin()
    assert threading.excepthook is mine and sys.unraisablehook is mine


def test_what_fails_while_it_is_thrown_away_is_printed_where_nobody_is_told(state, monkeypatch):
    printed = []
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    monkeypatch.setattr(sys, "__unraisablehook__", printed.append)
    logs.begin()
    hooked = SimpleNamespace(
        err_msg=None, object="a file", exc_type=None, exc_value=None, exc_traceback=None
    )
    over = logs.tell(lambda said: None)
    logs._not_raised(hooked)
    assert printed == []
    over()
    logs._not_raised(hooked)
    assert printed == [hooked]
    assert state.read_text().count("Exception ignored in: 'a file'") == 2
