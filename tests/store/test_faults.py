"""What goes wrong on a disk, in a file or with a clock: ridden out, or said in one sentence."""

import contextlib
import errno
import os
import sqlite3
import time
from random import Random

import pytest

from engine.run.runner import Runner
from maedet_tui.cli.failure import Failure
from maedet_tui.cli.output import failures
from maedet_tui.errors import SaveError
from maedet_tui.presets import dump
from maedet_tui.runs.local import LocalRun
from maedet_tui.store import database, listing
from maedet_tui.store.begin import reopen_run
from maedet_tui.store.database import StoreError
from maedet_tui.store.folders import remove_run
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore
from maedet_tui.structures.items import saved_items
from tests.store.conftest import lasting, resumed, searched
from tests.waiting import PATIENCE, remove, until


@pytest.fixture
def endless(tmp_path):
    """A search that goes on until the test ends."""
    run = LocalRun(lasting(100_000_000), tmp_path, "endless")
    run.start()
    until(lambda: RunReader(run.run_dir).checkpoint() is not None)
    yield run
    run.close(10)


def noticed(run, words):
    return any(words in notice for notice in run.snapshot.notices)


def full(run):
    """SQLite's own "database or disk is full" from now on; the connection that has it.

    A search that finds nothing new may rewrite its rows for ever, so each write adds some.
    """
    with contextlib.closing(sqlite3.connect(run.run_dir / "run.db", timeout=PATIENCE)) as other:
        other.executescript(
            "CREATE TABLE more (bytes BLOB); CREATE TRIGGER growing AFTER INSERT ON status "
            "BEGIN INSERT INTO more VALUES (zeroblob(100000)); END"
        )
    run._store._connection.execute("PRAGMA max_page_count = 1")
    return run._store._connection


def test_a_full_disk_is_ridden_out(endless):
    connection = full(endless)
    until(lambda: noticed(endless, "no space left"))
    assert endless.snapshot.state == "running" and endless.trouble
    at = endless.snapshot.iteration
    assert RunReader(endless.run_dir).snapshot().iteration <= at
    connection.execute("PRAGMA max_page_count = 1073741823")
    until(lambda: not noticed(endless, "no space left"))
    until(lambda: RunReader(endless.run_dir).checkpoint().iteration > at)
    endless.stop()
    assert endless.wait(PATIENCE) and endless.trouble is None


def test_a_disk_that_stays_full_ends_in_a_message_and_the_rest_stays_readable(endless):
    before = RunReader(endless.run_dir).checkpoint().iteration
    full(endless)
    until(lambda: noticed(endless, "no space left"))
    endless.stop()
    assert endless.wait(PATIENCE)
    assert "no space left" in endless.trouble and "run.db" in endless.trouble
    assert RunReader(endless.run_dir).checkpoint().iteration >= before
    assert (endless.run_dir / "best.yaml").exists()


def test_a_database_locked_by_another_program_is_ridden_out(endless, monkeypatch):
    other = sqlite3.connect(endless.run_dir / "run.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    until(lambda: noticed(endless, "keeps it locked"))
    at = endless.snapshot.iteration
    until(lambda: endless.snapshot.iteration > at)
    other.execute("ROLLBACK")
    other.close()
    until(lambda: endless.trouble is None)
    until(lambda: RunReader(endless.run_dir).checkpoint().iteration > at)


def test_a_folder_that_cannot_be_written_is_refused_before_the_search(tmp_path, monkeypatch, quick):
    for name in ("run.lock", ".run.db.new"):

        def refused(path, *args, name=name, opened=os.open, **keywords):
            if str(path).endswith(name):
                raise OSError(errno.EROFS, "Read-only file system")
            return opened(path, *args, **keywords)

        monkeypatch.setattr(os, "open", refused)
        with pytest.raises(
            SaveError, match=r"one/run\.\w+: you may not write there; .* --runs-dir"
        ):
            LocalRun(quick, tmp_path, "one")
        monkeypatch.undo()
        assert list(tmp_path.iterdir()) == []


def test_a_finished_run_reads_where_nothing_can_be_written(tmp_path, quick, monkeypatch):
    folder = searched(quick, tmp_path, "one").run_dir
    connected = database._connected

    def read_only(target):
        if "immutable" not in target:
            raise sqlite3.OperationalError("unable to open database file")
        return connected(target)

    monkeypatch.setattr(database, "_connected", read_only)
    assert RunReader(folder).snapshot().state == "finished"
    with pytest.raises(StoreError, match="may you use it"):
        RunStore.reopen(folder)


def damaged(folder, change):
    path = folder / "run.db"
    path.write_bytes(change(path.read_bytes()))
    return folder


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[: len(data) // 2], "damaged|malformed"),
        (lambda data: data[:50], "damaged, perhaps cut short"),
        (lambda data: b"", "not the database of a run"),
        (lambda data: b"structure:\n- {block: Conv}\n" * 500, "not the database of a run"),
        (lambda data: data[:4096] + Random(0).randbytes(len(data) - 4096), "damaged"),
    ],
)
def test_a_file_that_is_no_run_is_named(tmp_path, quick, change, words):
    folder = damaged(searched(quick, tmp_path, "one").run_dir, change)
    with pytest.raises(StoreError, match=words) as raised:
        RunStore.reopen(folder)
    assert str(folder / "run.db") in str(raised.value) and "\n" not in str(raised.value)
    line = listing.line(folder)
    assert line.state == listing.UNREADABLE and str(folder) in line.problem
    with pytest.raises(Failure), failures():
        reopen_run(folder)
    remove_run(folder)
    assert not folder.exists()


def test_a_database_of_another_program_is_named_and_left_alone(tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    other = sqlite3.connect(folder / "run.db")
    other.execute("CREATE TABLE status (state)")
    other.commit()
    other.close()
    before = (folder / "run.db").read_bytes()
    with pytest.raises(StoreError, match="something else has taken its name"):
        RunStore.reopen(folder)
    assert (folder / "run.db").read_bytes() == before


def change(folder, statement, *values):
    connection = sqlite3.connect(folder / "run.db")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


CODE = "__import__('pathlib').Path('{}').touch()"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE population SET structure = ? WHERE iteration IN (SELECT MAX(iteration) FROM bests)",
        "UPDATE bests SET score = ?",
        "UPDATE checkpoint SET rng = ?",
        "UPDATE checkpoint SET iteration = ?",
        "UPDATE run SET preset = ?",
        "UPDATE stages SET params = ?",
        "UPDATE counts SET count = ?",
    ],
)
def test_nothing_in_a_hostile_file_is_executed(tmp_path, quick, statement):
    folder = searched(quick, tmp_path, "one").run_dir
    bait = tmp_path / "touched"
    deep = "[" * 100_000
    for hostile in (
        CODE.format(bait),
        f"!!python/object/apply:os.system ['touch {bait}']",
        f"cos\nsystem\n(S'touch {bait}'\ntR.",
        deep,
        '[["Conv",3,3,1e400,2,0,1,0,0]]',
        '[["ResBlock",3,3,999999999999,2,1,1,0,0]]',
        "null",
        "[3,[1,2],null]",
    ):
        change(folder, statement, hostile)
        with pytest.raises(StoreError) as raised:
            RunStore.reopen(folder)
        assert str(folder) in str(raised.value)
        assert not bait.exists()


def test_hostile_findings_do_not_open(tmp_path, quick):
    folder = searched(quick, tmp_path, "one").run_dir
    for hostile in ("{}", "[]", '{"population": {"nonsense": 1}}', CODE.format(tmp_path / "x")):
        change(folder, "UPDATE status SET findings = ?", hostile)
        with pytest.raises(StoreError, match="is damaged"):
            RunReader(folder).snapshot()
    change(folder, "UPDATE status SET state = 'odd'")
    with pytest.raises(StoreError, match="state"):
        RunReader(folder).status()


def test_a_clock_that_goes_back_changes_nothing(tmp_path, quick, monkeypatch):
    real, calls = time.time, iter(range(1_000_000))
    monkeypatch.setattr(time, "time", lambda: real() - 1000 * next(calls))
    run = searched(lasting(4000), tmp_path, "one")
    assert run.snapshot.state == "finished" and run.trouble is None
    assert run.snapshot.seconds >= 0
    line = listing.line(run.run_dir)
    assert line.age >= 0 and line.state == "finished"
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert listing.line(run.run_dir).age == 0.0


def test_a_scorer_that_raises_is_recorded_and_gone_on_with(tmp_path, monkeypatch):
    from engine.scorers.closed_form import ClosedForm

    preset, real, calls = lasting(3000), ClosedForm.score, iter(range(10**9))

    def broken(self, *args):
        if next(calls) == 400:
            raise RuntimeError("a cable was pulled")
        return real(self, *args)

    monkeypatch.setattr(ClosedForm, "score", broken)
    run = searched(preset, tmp_path, "one")
    assert run.snapshot.state == "failed"
    found = RunReader(run.run_dir).snapshot()
    assert found.state == "failed" and "a cable was pulled" in found.error
    monkeypatch.undo()
    again = resumed(run.run_dir)
    runner = Runner(preset)
    runner.start()
    runner.join(PATIENCE)
    assert again.snapshot.state == "finished"
    assert again.snapshot.best == runner.snapshot.best
    assert again.snapshot.history == runner.snapshot.history


def test_a_lock_left_by_a_dead_process_is_explained_and_taken_over(tmp_path, quick):
    run = searched(lasting(3000), tmp_path, "one")
    change(run.run_dir, "UPDATE status SET state = 'running'")
    (run.run_dir / "run.lock").write_text('{"pid": 12345, "host": "far", "since": 1.0}')
    store = RunStore.reopen(run.run_dir)
    again = LocalRun.of(store)
    assert any("process 12345 on far left this run" in n for n in again.snapshot.notices)
    again.close()
    assert (run.run_dir / "run.lock").read_text() == ""


def test_a_folder_that_vanishes_under_a_search_is_said(endless, tmp_path):
    remove(endless.run_dir)
    endless.stop()
    assert endless.wait(PATIENCE)
    assert endless.trouble and str(endless.run_dir) in endless.trouble


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="Linux")
@pytest.mark.parametrize("searches", [4, pytest.param(20, marks=pytest.mark.nightly)])
def test_searches_in_a_row_leave_nothing_behind(tmp_path, searches):
    import gc
    import threading

    def resident():
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    before = []
    for number in range(searches):
        searched(lasting(1000), tmp_path, f"run{number}")
        before.append((resident(), len(os.listdir("/proc/self/fd")), threading.active_count()))
    if searches > 8:  # memory settles first
        assert before[-1][0] - before[7][0] < 4, before
    assert before[-1][1] <= before[2][1] and before[-1][2] <= before[2][2], before


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE checkpoint SET batch = 0", "its batch is 0"),
        ("DELETE FROM run", "it is empty"),
        ("UPDATE checkpoint SET rng = x'07'", "is not JSON of a sensible length"),
    ],
)
def test_what_is_damaged_is_named(tmp_path, quick, statement, words):
    folder = searched(quick, tmp_path, "one").run_dir
    change(folder, statement)
    with pytest.raises(StoreError, match=f"is damaged .*{words}"):
        RunStore.reopen(folder)


@pytest.mark.parametrize("block", ['["Conv",3,3,-1,2,0,1,0,0]', '["Nonsense",3,3,64,2,0,1,0,0]'])
def test_a_block_that_cannot_be_is_damage(tmp_path, quick, block):
    folder = searched(quick, tmp_path, "one").run_dir
    change(folder, "UPDATE population SET structure = ?", f"[{block}]")
    with pytest.raises(StoreError, match=r"is damaged .*has a block"):
        RunStore.reopen(folder)


def test_a_database_that_cannot_be_opened_beside_its_log_is_not_taken_for_one_at_rest(
    tmp_path, quick, monkeypatch
):
    folder = searched(quick, tmp_path, "one").run_dir
    (folder / "run.db-wal").write_bytes(b"")
    monkeypatch.setattr(database, "_connected", unopened)
    with pytest.raises(StoreError, match="may you use it"):
        RunReader(folder)


def unopened(target):
    raise sqlite3.OperationalError("unable to open database file")


def test_a_run_that_nothing_was_written_of_has_no_best_and_nothing_to_go_on_from(tmp_path, quick):
    (tmp_path / "one").mkdir()
    RunStore.create(tmp_path / "one", quick, dump(quick)).close()
    reader = RunReader(tmp_path / "one")
    assert reader.best() is None and reader.snapshot() is None and reader.checkpoint() is None
    reader.close()
    assert list(saved_items(tmp_path)) == []  # nor is it among structures to compare
    line = listing.line(tmp_path / "one")
    assert (line.state, line.iteration, line.score) == ("interrupted", 0, None)
