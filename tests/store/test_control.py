"""Wishes to a search in another process, and locks that it holds."""

import fcntl
import json
import os
import signal

import pytest

from maedet_tui.store import control, lock
from maedet_tui.store.database import StoreError
from maedet_tui.store.lock import RunLock, crashed, holder
from tests.store.conftest import searched


def test_nobody_heeds_an_unknown_word(tmp_path):
    with pytest.raises(ValueError, match="nobody heeds 'explode'"):
        control.wish(tmp_path, "explode")


def test_a_wish_is_written_into_runs_alone(tmp_path):
    with pytest.raises(StoreError):
        control.wish(tmp_path, "stop")
    assert list(tmp_path.iterdir()) == []


def test_waiting_has_an_end():
    assert control.wait_for(lambda: True, 0.0)
    assert not control.wait_for(lambda: False, 0.01)


class Deaf:
    """A process that holds a run and heeds no wish; ends with a SIGTERM if it listens to that."""

    def __init__(self, folder, monkeypatch, *, listens):
        self.sent, self._lock = [], RunLock(folder)
        self._lock.take()
        self._listens = listens
        monkeypatch.setattr(control.os, "kill", self._kill)

    def _kill(self, pid, number):
        self.sent.append((pid, number))
        if self._listens:
            self._lock.release()

    def release(self):
        self._lock.release()


@pytest.mark.parametrize("listens", [True, False])
def test_a_search_that_heeds_no_wish_is_sent_a_sigterm(tmp_path, quick, monkeypatch, listens):
    folder = searched(quick, tmp_path, "one").run_dir
    process = Deaf(folder, monkeypatch, listens=listens)
    assert control.stop(folder, patience=0.1) is listens
    assert process.sent == [(os.getpid(), signal.SIGTERM)]
    process.release()


def test_a_search_that_nobody_holds_has_ended(tmp_path, quick):
    assert control.stop(searched(quick, tmp_path, "one").run_dir)
    assert control.stop(tmp_path / "nowhere")


def test_a_lock_without_a_readable_name_is_somebody_s_all_the_same(tmp_path):
    path = tmp_path / lock.FILE
    for text in ("", "no json", '{"pid": "x"}', json.dumps({"pid": 1})):
        path.write_text(text)
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            assert "unknown machine" in str(holder(tmp_path))
        assert holder(tmp_path) is None and crashed(tmp_path) is None


def test_a_disk_that_cannot_lock_is_told_with_the_way_out(tmp_path, monkeypatch):
    def refused(handle, how):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refused)
    with pytest.raises(StoreError, match=r"cannot lock files \(Operation not.*runs-dir"):
        RunLock(tmp_path).take()


def test_a_lock_file_that_cannot_be_made(tmp_path):
    with pytest.raises(StoreError, match="nowhere"):
        RunLock(tmp_path / "nowhere").take()


def test_a_search_on_another_machine_is_sent_no_signal(tmp_path, quick, monkeypatch):
    folder = searched(quick, tmp_path, "one").run_dir
    process = Deaf(folder, monkeypatch, listens=True)
    path = folder / lock.FILE
    owner = json.loads(path.read_text())
    path.write_text(json.dumps(owner | {"host": "far away"}))
    assert not control.stop(folder, patience=0.1)
    assert process.sent == []
    process.release()
