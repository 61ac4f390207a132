"""Notes of runs and other names for them: kept, refused where they cannot be, and listed."""

import json

import pytest

from maedet_tui.errors import SaveError
from maedet_tui.store.folders import SWEEP, remove_run, rename_run
from maedet_tui.store.listing import Listing, line
from maedet_tui.store.lock import RunLock
from maedet_tui.store.notes import FILE, MOST, read_note, write_note
from tests.store.conftest import QUICK, searched


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return (searched(QUICK, tmp_path_factory.mktemp("runs"), "one").run_dir / "run.db").read_bytes()


@pytest.fixture
def run(tmp_path, whole):
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    (folder / "run.db").write_bytes(whole)
    return folder


def test_a_note_is_kept_listed_and_removed_with_its_run(run):
    listing = Listing(run.parent)
    assert [one.note for one in listing.lines()] == [""]
    write_note(run, "a try with wide stages")
    assert [one.note for one in listing.lines()] == ["a try with wide stages"]
    assert line(run).values()["note"] == "a try with wide stages"
    assert (run / FILE).stat().st_mode & 0o077 == 0
    for wrong in ("x" * (MOST + 1), "two\nlines", "\x1b[2J"):
        with pytest.raises(SaveError, match="note"):
            write_note(run, wrong)
    write_note(run, "")
    assert not (run / FILE).exists() and read_note(run) == ""
    write_note(run, "again")
    remove_run(run)
    assert not run.exists()


def test_a_note_of_strangers_is_read_safely(run):
    (run / FILE).write_bytes(b"\xff\xfe")
    assert read_note(run) == ""
    (run / FILE).write_text("\x1b]0;title\x07 one\ntwo " + "x" * 300)
    assert read_note(run).isprintable() and len(read_note(run)) == MOST
    (run / FILE).write_text("x" * 10_000)
    assert read_note(run) == ""


def test_a_run_has_another_name(run):
    write_note(run, "mine")
    before = line(run)
    renamed = rename_run(run, "two")
    assert renamed == run.parent / "two" and not run.exists()
    after = line(renamed)
    assert (after.name, after.score, after.note) == ("two", before.score, "mine")
    assert rename_run(renamed, "two") == renamed


def test_names_that_cannot_be(run, tmp_path):
    (run.parent / "taken").mkdir()
    for name, said in (("taken", "is there already"), ("a/b", "cannot name"), ("", "cannot name")):
        with pytest.raises(SaveError, match=said):
            rename_run(run, name)
    lock = RunLock(run)
    lock.take()
    with pytest.raises(SaveError, match="still has it open on a screen"):
        rename_run(run, "two")
    lock.release()
    (run.parent / SWEEP).write_text("")
    with pytest.raises(SaveError, match="knows its searches by their names"):
        rename_run(run, "two")
    assert run.exists() and not (run.parent / "two").exists()


def test_a_link_is_renamed_and_not_what_it_leads_to(run, tmp_path):
    link = run.parent / "link"
    link.symlink_to(run)
    renamed = rename_run(link, "other")
    assert renamed.is_symlink() and run.exists() and not link.exists()


def test_what_has_died_still_says_which_process_it_was(run):
    (run / "run.lock").write_text(json.dumps({"pid": 1, "host": "there", "since": 1.0}))
    assert "there" in (rename_run(run, "two") / "run.lock").read_text()
