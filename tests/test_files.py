"""Files that users name, and what is said of those that cannot be read or written."""

import errno
import os

import pytest

from engine import outputs
from maedet_tui import files
from maedet_tui.errors import SaveError
from maedet_tui.files import StructureFileError, names_a_file, read_structure, write_atomically


def test_what_is_no_structure_is_told_apart(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "huge.yaml").write_bytes(b"x" * (files.MAX_LENGTH + 1))
    (tmp_path / "latin.yaml").write_bytes("bütterfly".encode("latin-1"))
    for name, words in (
        ("folder", "is a folder; name a file such as .*best.yaml"),
        ("huge.yaml", "is far larger than any structure"),
        ("latin.yaml", "is not text in UTF-8"),
        ("none.yaml", "no such file"),
    ):
        with pytest.raises(StructureFileError, match=words):
            read_structure(str(tmp_path / name))


def test_a_name_that_is_nearly_one_of_the_zoo_s():
    with pytest.raises(StructureFileError, match=r"not in the zoo.*maedet-m") as caught:
        read_structure("maedetm")
    assert caught.value.unknown


@pytest.mark.parametrize(
    "name", ["", "\0", "a" * 5000, "two\nlines"], ids=["empty", "null", "long", "lines"]
)
def test_names_that_no_file_can_have(name):
    with pytest.raises(StructureFileError, match="no such file") as caught:
        read_structure(name)
    assert len(str(caught.value)) < 300


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX pipes")
def test_a_pipe_that_nobody_writes_into_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StructureFileError, match="is not a regular file"):
        read_structure(str(tmp_path / "pipe"))


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_text("structure: []")

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(StructureFileError, match="cannot be read: Permission denied"):
        read_structure(str(tmp_path / "mine.yaml"))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left to write it"),
        (errno.EROFS, "you may not write there; choose another place with --runs-dir"),
        (errno.ENOENT, "there is no folder .*; create it, or use --runs-dir"),
        (errno.ENOTDIR, "a file is in the way of a folder"),
        (errno.EIO, "cannot be written: Input/output error"),
    ],
)
def test_a_write_that_fails_leaves_the_old_file_and_says_what_to_do(
    tmp_path, monkeypatch, number, words
):
    path = tmp_path / "best.yaml"
    path.write_text("old")

    def fails(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(outputs.os, "replace", fails)
    with pytest.raises(SaveError, match=words):
        write_atomically(path, "new")
    assert [one.name for one in tmp_path.iterdir()] == ["best.yaml"]
    assert path.read_text() == "old"


def test_where_no_option_names_another_place_a_folder_is_spoken_of(tmp_path):
    with pytest.raises(SaveError, match=r"create it, or choose another$"):
        write_atomically(tmp_path / "none/best.yaml", "new", option=None)


def test_names_that_are_files_on_any_system():
    assert names_a_file("best-2 (copy).yaml")
    for name in ("", "  ", ".hidden", "a/b", "a\\b", "C:", "what?", "a" * 101, "two\nlines"):
        assert not names_a_file(name)
