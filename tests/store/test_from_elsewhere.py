"""A run's folder from anywhere: nothing is written through a link in it, and nothing that
stands in it reaches the terminal but as text."""

import contextlib
import json
import os
import sqlite3

import pytest
from click.testing import CliRunner

from maedet_tui import logs
from maedet_tui.cli import cli
from maedet_tui.errors import SaveError
from maedet_tui.log_file import MOST, LogFile
from maedet_tui.runs.detach import detach
from maedet_tui.store import control
from maedet_tui.store.begin import going_on, new_run
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import RunLock, holder
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore
from tests.store.conftest import QUICK, searched

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links")


@pytest.fixture
def folder(tmp_path):
    """A finished run."""
    return searched(QUICK, tmp_path / "runs", "one").run_dir


@pytest.fixture
def mine(tmp_path):
    """A file of the user's that links in a run lead to."""
    path = tmp_path / "mine"
    path.write_text("mine")
    return path


def test_a_lock_that_is_a_link_is_not_written_through(folder, mine):
    lock = folder / "run.lock"
    lock.unlink()
    lock.symlink_to(mine)
    with pytest.raises(StoreError, match=r"run.lock: is a link, and nothing of a run is written"):
        RunStore.reopen(folder)
    assert holder(folder) is None
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("dangling", [True, False])
def test_a_lock_is_not_made_where_a_link_leads_to(tmp_path, mine, dangling):
    (tmp_path / "run.lock").symlink_to(tmp_path / "new" if dangling else mine)
    with pytest.raises(StoreError, match="is a link"):
        RunLock(tmp_path).take()
    assert not (tmp_path / "new").exists() and mine.read_text() == "mine"


def test_a_lock_that_is_a_pipe_is_not_waited_for(folder):
    (folder / "run.lock").unlink()
    os.mkfifo(folder / "run.lock")
    assert holder(folder) is None
    with pytest.raises(StoreError, match="no regular file"):
        RunStore.reopen(folder)


def test_a_database_that_is_a_link_is_not_written_through(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere.db"
    (folder / "run.db").rename(elsewhere)
    (folder / "run.db").symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    for write in (lambda: RunStore.reopen(folder), lambda: control.wish(folder, "stop")):
        with pytest.raises(StoreError, match="is a link, and nothing of a run is written"):
            write()
    assert elsewhere.read_bytes() == before


@pytest.mark.parametrize("name", ["run.db-wal", "run.db-shm", ".run.db.new"])
def test_nor_is_anything_beside_it(folder, mine, name):
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(mine)
    with contextlib.suppress(StoreError):
        store = RunStore.reopen(folder)
        store.close()
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("make", ["link", "pipe"])
def test_a_log_that_is_a_link_or_a_pipe_is_not_written(folder, mine, user_log, make):
    log = folder / "run.log"
    log.symlink_to(mine) if make == "link" else os.mkfifo(log)
    logs.begin()
    over = logs.for_run(folder)
    logs.traceback_of("Something failed", ValueError("why"))
    over()
    assert mine.read_text() == "mine"
    assert "ValueError: why" in user_log.read_text()
    with pytest.raises(SaveError, match=r"run\.log"):
        detach(RunStore.reopen(folder))
    assert mine.read_text() == "mine"


def test_an_older_log_that_is_a_pipe_stays(tmp_path):
    os.mkfifo(tmp_path / "run.log.1")
    log = LogFile(tmp_path / "run.log")
    log.stream.write("x" * (MOST + 1))
    import logging

    record = logging.LogRecord("engine", logging.ERROR, "", 1, "more", None, None)
    assert not log.write(record)
    log.close()
    assert (tmp_path / "run.log.1").is_fifo()


def test_a_user_s_own_log_may_be_a_link(tmp_path, mine, user_log):
    user_log.parent.mkdir(parents=True)
    user_log.symlink_to(mine)
    logs.begin()
    logs.traceback_of("Something failed", ValueError("why"))
    assert "ValueError: why" in mine.read_text()


# --- one truth ------------------------------------------------------------------------


def test_the_preset_of_a_run_is_that_in_its_database(tmp_path):
    store = new_run(QUICK, tmp_path, "one")
    copy = store.folder / "preset.yaml"
    text = copy.read_text()
    assert text == store.record.text
    copy.write_text(text.replace("91G", "30G"))
    (said,) = going_on(store)
    assert "preset.yaml was edited, which changes nothing here" in said and "in run.db" in said
    assert "30G" in copy.read_text()  # somebody's work
    copy.unlink()
    assert going_on(store) == [] and copy.read_text() == text
    copy.unlink()
    os.mkfifo(copy)
    (said,) = going_on(store)
    assert "cannot be read, which changes nothing" in said and copy.is_fifo()
    store.close()
    with contextlib.closing(RunReader(tmp_path / "one")) as reader:
        assert reader.record.preset.budget == QUICK.budget


# --- what is printed --------------------------------------------------------------------

#: obeyed by terminals: a title, a colour, eight-bit CSI, the text backwards, a line anew
BAIT = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202ebackwards\rover"
OBEYED = set("\x1b\x07\x9b\u202e\r")


def hostile(folder):
    """Bait in every text of a database that is shown somewhere."""
    with contextlib.closing(sqlite3.connect(folder / "run.db")) as file:
        (findings,) = file.execute("SELECT findings FROM status").fetchone()
        values = json.loads(findings)
        values |= {"error": BAIT, "notices": [BAIT, f"two\nlines {BAIT}"]}
        file.execute("UPDATE status SET scorer = ?, findings = ?", (BAIT, json.dumps(values)))
        file.execute(
            "UPDATE run SET preset_name = ?, parent = ?, parent_iteration = 1", (BAIT, BAIT)
        )
        file.execute("UPDATE counts SET reason = ? WHERE reason = 'worse'", (BAIT,))
        file.execute("UPDATE bests SET origin = ?", (BAIT,))
        file.execute("UPDATE population SET origin = ?", (BAIT,))
        file.commit()


@pytest.mark.parametrize(
    "command",
    [
        ("runs",),
        ("runs", "--json"),
        ("runs", "show", "{}"),
        ("runs", "show", "{}", "--json"),
        ("runs", "compare", "{}", "{}"),
        ("runs", "export-csv", "{}"),
        ("runs", "rm", "{}"),
        ("runs", "rm", "{}", "--yes"),
        ("stop", "{}"),
        ("pause", "{}"),
        ("resume", "{}", "--headless"),
        ("resume", "{}", "--headless", "--iterations", "2000", "--name", "two"),
        ("compare", "runs/{}", "maedet-m"),
        ("score", "runs/{}"),
    ],
    ids=" ".join,
)
def test_nothing_that_a_terminal_would_obey_is_printed(folder, monkeypatch, command):
    monkeypatch.chdir(folder.parents[1])
    hostile(folder)
    odd = folder.with_name(f"odd{BAIT.replace('/', '')}\nname")
    folder.rename(odd)
    result = CliRunner().invoke(cli, [word.format(odd.name) for word in command])
    printed = result.output + result.stderr
    assert printed and not OBEYED & set(printed)
    assert not isinstance(result.exception, (UnicodeError, ValueError, TypeError))


def test_json_keeps_what_it_escapes(folder, monkeypatch):
    monkeypatch.chdir(folder.parents[1])
    hostile(folder)
    result = CliRunner().invoke(cli, ["runs", "show", "one", "--json"])
    assert json.loads(result.stdout)["error"] == BAIT
