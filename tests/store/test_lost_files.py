"""What becomes of a run's files while it is searched: noticed, said, and written anew."""

import contextlib
import os

import pytest

from engine.run.runner import Runner
from maedet_tui.runs.local import LocalRun
from maedet_tui.runs.watched import watching
from maedet_tui.store import database, recorder
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import RunLock, holder
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore
from tests.store.conftest import Standing, lasting, resumed
from tests.waiting import PATIENCE, remove, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="files that are open can be removed")


@pytest.fixture
def standing(tmp_path, monkeypatch):
    """A search that has something recorded, and stands still until it is stopped."""
    monkeypatch.setattr(recorder, "PATIENCE", 0.0)
    run = LocalRun(lasting(4000), tmp_path / "runs", "one")
    run._runner._scorer = Standing(run.preset.objective)
    run.start()
    until(lambda: recorded(run.run_dir) is not None)
    yield run
    run.close(PATIENCE)


def recorded(folder):
    with contextlib.closing(RunReader(folder)) as reader:
        return reader.checkpoint()


def cut(path):
    os.truncate(path, 0)


def halve(path):
    os.truncate(path, path.stat().st_size // 2)


def swap(path):
    path.rename(path.with_name("aside"))
    path.write_bytes(b"something else")


def overwrite(path):
    path.write_bytes(b"nonsense" * 1000)


LOSSES = [
    (os.unlink, "run.db", "was deleted"),
    (cut, "run.db", "was cut short"),
    (halve, "run.db", "was cut short"),
    (swap, "run.db", "was replaced"),
    (overwrite, "run.db", "was cut short|was damaged"),
    (os.unlink, "run.db-wal", "lost its run.db-wal"),
    (os.unlink, "run.db-shm", "lost its run.db-shm"),
]


@pytest.mark.parametrize(("lose", "name", "words"), LOSSES)
def test_a_database_that_is_lost_is_written_anew_at_once(standing, lose, name, words):
    import re

    folder, before = standing.run_dir, recorded(standing.run_dir)
    with contextlib.closing(RunReader(folder)) as reader:
        sessions = reader._connection.execute("SELECT * FROM sessions").fetchall()
        record, members = reader.record, reader.members()
    lose(folder / name)
    until(lambda: any(re.search(words, notice) for notice in standing.snapshot.notices))
    until(lambda: standing.trouble is None)
    # the search stands: nothing new was written but all that there was
    with contextlib.closing(RunReader(folder)) as reader:
        assert reader.record == record and reader.members() == members
        assert [tuple(row) for row in reader._connection.execute("SELECT * FROM sessions")] == [
            tuple(row) for row in sessions
        ]
        again = reader.checkpoint()
        assert again.iteration >= before.iteration
        assert again.history[: len(before.history)] == before.history
        assert again.bests[: len(before.bests)] == before.bests
        assert reader.snapshot().best == standing.snapshot.best
    standing.stop()
    assert standing.wait(PATIENCE) and standing.trouble is None
    standing.close()
    runner = Runner(standing.preset)
    runner.start()
    assert runner.join(PATIENCE)
    gone_on_with = resumed(folder)
    assert gone_on_with.snapshot.best == runner.snapshot.best
    assert gone_on_with.snapshot.history == runner.snapshot.history


def test_it_is_noticed_between_two_looks_however_rarely_it_is_written(standing, monkeypatch):
    monkeypatch.setattr(recorder, "WRITE_EVERY", 1e9)
    os.unlink(standing.run_dir / "run.db")
    until(lambda: (standing.run_dir / "run.db").exists())


def test_what_watches_sees_the_new_one(standing):
    with watching(standing.run_dir) as watched:
        assert watched.snapshot.iteration <= standing.snapshot.iteration
        os.unlink(standing.run_dir / "run.db")
        until(lambda: (standing.run_dir / "run.db").exists())
        standing.stop()
        until(lambda: watched.snapshot.state == "stopped")
        assert watched.snapshot.best == standing.snapshot.best


def test_another_program_may_make_it_smaller(standing):
    import sqlite3

    path = standing.run_dir / "run.db"
    with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as other:
        other.execute("CREATE TABLE more (bytes BLOB)")
        other.execute("INSERT INTO more VALUES (zeroblob(4000000))")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        until(lambda: standing._store._watch.lost() is None)
        large = path.stat().st_size
        other.execute("DROP TABLE more")
        other.execute("VACUUM")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert path.stat().st_size < large
    assert standing._store._watch.lost() is None
    assert standing.snapshot.notices == ()


@pytest.mark.parametrize("moved", [True, False])
def test_a_folder_that_is_gone_is_said_and_nothing_is_put_in_its_place(standing, tmp_path, moved):
    folder = standing.run_dir
    if moved:
        folder.rename(tmp_path / "elsewhere")
    else:
        remove(folder)
    until(lambda: any("was moved or removed" in n for n in standing.snapshot.notices))
    standing.stop()
    assert standing.wait(PATIENCE)
    assert "was moved or removed" in standing._recorder.trouble
    assert standing.trouble and standing.save_error
    standing.close()
    assert not folder.exists()


def test_a_folder_that_comes_back_is_written_to_again(standing, tmp_path):
    standing.run_dir.rename(tmp_path / "elsewhere")
    until(lambda: standing._recorder.trouble is not None)
    (tmp_path / "elsewhere").rename(standing.run_dir)
    until(lambda: standing._recorder.trouble is None)


def test_another_run_of_that_name_is_left_alone(standing, tmp_path):
    folder = standing.run_dir
    folder.rename(tmp_path / "elsewhere")
    until(lambda: standing._recorder.trouble is not None)
    other = LocalRun(lasting(30), folder.parent, "one")
    written = recorded(folder)
    until(lambda: "was moved or removed" in (standing._recorder.trouble or ""))
    standing.stop()
    assert standing.wait(PATIENCE)
    standing.close()
    assert recorded(folder) == written and holder(folder) is not None
    other.close()


def test_a_lock_that_is_removed_is_taken_again(standing):
    (standing.run_dir / "run.lock").unlink()
    until(lambda: holder(standing.run_dir) is not None)
    assert standing.trouble is None


def test_who_loses_the_run_to_another_process_writes_no_more(tmp_path):
    store = LocalRun(lasting(30), tmp_path, "one")._store
    (store.folder / "run.lock").unlink()
    other = RunLock(store.folder)
    other.take()
    for _ in range(2):
        with pytest.raises(StoreError, match="is being searched by"):
            store.mend(None, None)
    other.release()
    with pytest.raises(StoreError, match="is being searched by"):
        store.mend(None, None)
    store.close()
    RunStore.reopen(store.folder).close()


def test_what_is_no_file_stays_and_the_search_ends_in_a_sentence(standing):
    path = standing.run_dir / "run.db"
    os.mkfifo(path.with_name("pipe"))
    os.replace(path.with_name("pipe"), path)
    until(lambda: standing._recorder.trouble is not None)
    standing.stop()
    assert standing.wait(PATIENCE)
    assert "run.db" in standing.trouble and path.is_fifo()


def test_damage_that_no_name_and_no_size_tells_of_is_found_at_the_end(standing):
    path = standing.run_dir / "run.db"
    with contextlib.closing(RunReader(standing.run_dir)) as reader:
        history = reader.points()
    database.make_room(standing._store._connection)
    content = path.read_bytes()
    with path.open("r+b") as file:  # the same file, of the same size
        file.write(content[:4096] + bytes(len(content) - 4096))
    standing.stop()
    assert standing.wait(PATIENCE) and standing.trouble is None
    assert any("was damaged" in notice for notice in standing.snapshot.notices)
    standing.close()
    with contextlib.closing(RunReader(standing.run_dir)) as reader:
        assert reader.points()[: len(history)] == history
        assert reader.snapshot().state == "stopped"
