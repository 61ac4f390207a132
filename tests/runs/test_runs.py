"""Runs of this process and of others: waited for, saved, closed, and what is in the way."""

from threading import Event, Thread

import pytest

from engine.formats import saved_yaml
from engine.scorers.closed_form import ClosedForm
from maedet_tui.errors import SaveError
from maedet_tui.runs import local
from maedet_tui.runs.local import LocalRun
from maedet_tui.runs.watched import WatchedRun, watching
from maedet_tui.store import listing
from maedet_tui.store.database import StoreError
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore
from tests.store.conftest import QUICK, lasting, searched
from tests.waiting import PATIENCE, until


class Hanging(ClosedForm):
    """Does not come back from a structure until it is let go, whatever is wished."""

    def __init__(self, run, structures):
        super().__init__(run.preset.objective)
        self.reached, self.go_on, self._left = Event(), Event(), structures

    def score(self, structures, cancelled=lambda: False):
        self._left -= 1
        if self._left == 0:
            self.reached.set()
            assert self.go_on.wait(PATIENCE)
        return super().score(structures)


def test_a_search_that_does_not_end_in_time_is_saved_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "AUTOSAVE_EVERY", 0.01)
    run = LocalRun(lasting(1_000_000), tmp_path, "one")
    run._runner._scorer = scorer = Hanging(run, 200)
    run.start()
    try:
        assert scorer.reached.wait(PATIENCE)
        run.close(0.05)
        assert not run.wait(0)
        saved = saved_yaml.loads((run.run_dir / "best.yaml").read_text())
        assert saved.structure == run.snapshot.best.structure
        assert listing.line(run.run_dir).score == run.snapshot.best.score.z
    finally:
        scorer.go_on.set()
    assert run.wait(PATIENCE)


def test_a_run_that_was_never_started_waits_for_nothing_and_leaves_nothing(tmp_path):
    run = LocalRun(QUICK, tmp_path, "one")
    assert run.wait()
    with pytest.raises(SaveError, match="no best structure to save yet"):
        run.save()
    run.close()
    assert list(tmp_path.iterdir()) == []


def test_a_watched_run_is_saved_by_the_process_that_searches(tmp_path):
    folder = searched(QUICK, tmp_path, "one").run_dir
    with watching(folder) as watched:
        assert watched.snapshot.state == "finished" and watched.save() == folder / "best.yaml"
        (folder / "best.yaml").unlink()
        with pytest.raises(SaveError, match="nobody searches this run any more"):
            watched.save()
    store = RunStore.reopen(folder)
    with watching(folder) as watched:
        until(lambda: watched.snapshot and watched.live)
        assert watched.save() == folder / "best.yaml"
        assert store.heed() == ["save"]
    store.close()


def test_a_run_that_becomes_unreadable_under_a_watcher_stays_on_show(tmp_path, monkeypatch):
    folder = searched(QUICK, tmp_path, "one").run_dir

    def unreadable(self):
        raise StoreError(f"{folder}: the disk is gone")

    with watching(folder) as watched:
        before = watched.snapshot
        monkeypatch.setattr(RunReader, "data_version", unreadable)
        until(lambda: watched.snapshot.notices)
        assert watched.snapshot.notices[-1] == f"{folder}: the disk is gone"
        assert watched.snapshot.best == before.best


def test_a_watched_run_is_closed_between_two_looks_and_keeps_what_it_saw(tmp_path, monkeypatch):
    run = searched(QUICK, tmp_path, "one")
    one = WatchedRun(run.run_dir)
    looking, go_on = Event(), Event()
    data_version = RunReader.data_version

    def slow(reader):
        looking.set()
        assert go_on.wait(PATIENCE)
        return data_version(reader)

    monkeypatch.setattr(RunReader, "data_version", slow)
    look, close = Thread(target=lambda: one.snapshot), Thread(target=one.close)
    look.start()
    assert looking.wait(PATIENCE)
    close.start()
    close.join(0.1)
    assert close.is_alive()  # the connection is in use
    go_on.set()
    look.join(PATIENCE)
    close.join(PATIENCE)
    assert not close.is_alive()
    seen = one.snapshot
    assert seen.state == "finished" and seen.notices == ()
    one._next_look = 0.0
    assert one.snapshot is seen  # a closed connection is not asked
