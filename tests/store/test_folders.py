"""Folders of runs: claimed, found and removed, with a sentence for all that can be in the way."""

from datetime import datetime

import pytest

from maedet_tui.errors import SaveError
from maedet_tui.store import claim, folders
from maedet_tui.store.claim import claim_folder
from maedet_tui.store.database import StoreError
from maedet_tui.store.folders import find_run, remove_run, run_folders


def test_an_empty_folder_of_the_name_is_taken_and_a_full_one_is_not(tmp_path):
    (tmp_path / "one").mkdir()
    claimed = claim_folder(tmp_path, "maedet-m", "one")
    assert claimed.folder == tmp_path / "one" and claimed.lock.kept
    claimed.give_up()
    assert list((tmp_path / "one").iterdir()) == []
    (tmp_path / "one/notes.txt").write_text("mine")
    with pytest.raises(SaveError, match="holds a run already; choose another --name"):
        claim_folder(tmp_path, "maedet-m", "one")


def test_a_file_of_the_name_is_in_the_way(tmp_path):
    (tmp_path / "one").write_text("mine")
    with pytest.raises(SaveError, match="one"):
        claim_folder(tmp_path, "maedet-m", "one")
    assert (tmp_path / "one").read_text() == "mine"


def test_a_folder_that_cannot_be_looked_into(tmp_path, monkeypatch):
    (tmp_path / "one").mkdir()

    def refused(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folders.Path, "iterdir", refused)
    with pytest.raises(SaveError, match="one"):
        claim_folder(tmp_path, "maedet-m", "one")
    with pytest.raises(StoreError, match="cannot be read: Permission denied"):
        run_folders(tmp_path)


def test_a_folder_that_may_not_be_written_is_refused_before_the_search(tmp_path, monkeypatch):
    (tmp_path / "one").mkdir()
    monkeypatch.setattr(claim.os, "access", lambda path, mode: False)
    with pytest.raises(SaveError, match="you may not write there; choose another --name"):
        claim_folder(tmp_path, "maedet-m", "one")


@pytest.mark.parametrize("name", ["one", None])
def test_a_place_that_takes_no_folders(tmp_path, monkeypatch, name):
    def full(self, *_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders.Path, "mkdir", full)
    with pytest.raises(SaveError, match="no space left to write it"):
        claim_folder(tmp_path, "maedet-m", name)


def test_searches_of_one_second_are_numbered(tmp_path, monkeypatch):
    class Noon(datetime):
        @classmethod
        def now(cls):
            return cls(2026, 1, 1, 12)

    monkeypatch.setattr(claim, "datetime", Noon)
    names = [claim_folder(tmp_path, "my preset!", None).folder.name for _ in range(3)]
    assert names == [f"my-preset-20260101-120000{end}" for end in ("", "-2", "-3")]


def test_a_folder_without_a_run_is_told_from_one_that_there_is_not(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match=r"empty: holds no run \(run.db is missing\)"):
        find_run("empty", tmp_path)
    with pytest.raises(StoreError, match="no such run; there are no runs in"):
        find_run("one", tmp_path)
    for name in ("", "a" * 5000, "\0", "two\nlines"):
        with pytest.raises(StoreError, match="no such run"):
            find_run(name, tmp_path)


def test_what_is_not_a_run_s_stays_when_it_is_removed(tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    for name in ("run.db", "best.yaml", "notes.txt"):
        (folder / name).write_text("")
    with pytest.raises(StoreError, match=r"is removed, but not notes.txt: not a part of it"):
        remove_run(folder)
    assert (folder / "notes.txt").exists() and not (folder / "run.db").exists()


def test_a_run_that_cannot_be_removed_says_why(tmp_path, monkeypatch):
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "run.db").write_text("")

    def refused(self, **_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folders.Path, "unlink", refused)
    with pytest.raises(StoreError, match="cannot be removed: Permission denied"):
        remove_run(folder)


def test_a_thousand_searches_of_one_second_are_enough(tmp_path, monkeypatch):
    class Taken:
        """A folder in which every name is taken."""

        def __truediv__(self, name):
            return self

        def __fspath__(self):
            return "."

        def __str__(self):
            return "runs"

    with pytest.raises(SaveError, match="runs: has a thousand runs of this second; choose a"):
        claim_folder(Taken(), "maedet-m", None)
