"""Presets of the user's own, by name: in the list, on the command line, and with mistakes."""

import os

import pytest

from maedet_tui.errors import SaveError
from maedet_tui.presets import PresetError, library, load, read_source
from maedet_tui.presets import folder as own

QUICK = "budget: {flops: 91G, latency: 25ms}\ndescription: mine\n"


def test_a_name_means_a_preset_of_the_users_own(own_presets, tmp_path, monkeypatch):
    (own_presets / "mine.yaml").write_text(QUICK)
    (own_presets / "other.yml").write_text("budget: {flops: 50G}\n")
    monkeypatch.chdir(tmp_path)
    assert load("mine").name == "mine"
    assert load("other").budget.flops == 50_000_000_000
    assert read_source("mine")[1] == str(own_presets / "mine.yaml")
    with pytest.raises(PresetError, match="did you mean mine"):
        load("mina")


def test_the_list_has_all_of_them_and_what_is_wrong(own_presets):
    (own_presets / "mine.yaml").write_text(QUICK)
    (own_presets / "typo.yaml").write_text("budget:\n  flopps: 91G\n")
    (own_presets / "maedet-m.yaml").write_text(QUICK)
    (own_presets / ".hidden.yaml").write_text("x")
    (own_presets / "notes.txt").write_text("x")
    found = {(entry.name, entry.builtin): entry for entry in library.entries()}
    assert found["maedet-m", True].preset and found["mine", False].preset
    typo = found["typo", False]
    assert typo.preset is None and typo.problems[0].line == 2
    # what can be read of it is there all the same
    assert typo.draft.initial.blocks
    assert "rename this file" in found["maedet-m", False].problems[0].message
    assert load("maedet-m").description != "mine"
    assert {name for name, _ in found} & {".hidden", "notes"} == set()


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b"a: [", b"", b"- 1\n", b"&a [*a]", b"x" * 600_000, b"budget: 5"]
)
def test_whatever_is_in_the_folder_the_list_stands(own_presets, data):
    (own_presets / "broken.yaml").write_bytes(data)
    (broken,) = [entry for entry in library.entries() if entry.name == "broken"]
    assert broken.preset is None and broken.problems


def test_a_folder_where_a_preset_should_be(own_presets):
    (own_presets / "dir.yaml").mkdir()
    (entry,) = [entry for entry in library.entries() if entry.name == "dir"]
    assert "is a folder; move it elsewhere" in str(entry.problems[0])


def test_an_unreadable_folder_keeps_nobody_from_a_file(own_presets, tmp_path, monkeypatch):
    (tmp_path / "here.yaml").write_text(QUICK)
    monkeypatch.setenv(own.VARIABLE, str(tmp_path / "here.yaml"))  # a file, not a folder
    assert load(tmp_path / "here.yaml").description == "mine"
    assert load("maedet-m")
    with pytest.raises(PresetError, match="MAEDET_PRESETS names another folder"):
        load("mine")


def test_save_and_remove(own_presets, monkeypatch):
    monkeypatch.setenv(own.VARIABLE, str(own_presets / "deep" / "down"))
    path = own.save("mine", QUICK)
    assert path.read_text() == QUICK and own.save("mine", "x: 1") == path
    assert own.free_name("mine") == "mine-2" and own.free_name("maedet-m") == "maedet-m-2"
    own.remove(path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("maedet-m", "is a built-in preset"),
        ("a/b", "cannot name a file"),
        ("", "cannot name a file"),
        ("../x", "cannot name a file"),
        ("mine.yaml", "leave .yaml out"),
    ],
)
def test_names_that_a_preset_cannot_have(own_presets, name, message):
    with pytest.raises(SaveError, match=message):
        own.save(name, QUICK)
    assert not list(own_presets.iterdir())


def test_a_place_that_cannot_be_written_is_named(own_presets, monkeypatch):
    (own_presets / "file").write_text("")
    monkeypatch.setenv(own.VARIABLE, str(own_presets / "file" / "presets"))
    with pytest.raises(SaveError, match="MAEDET_PRESETS"):
        own.save("mine", QUICK)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(own_presets):
    own_presets.chmod(0o500)
    with pytest.raises(SaveError, match=r"you may not write there; .* MAEDET_PRESETS"):
        own.save("mine", QUICK)


def test_which_built_in_preset_a_text_was_made_from():
    text, _, _ = read_source("maedet-l")
    name, other = library.nearest_builtin(text.replace("153G", "120G") + "\n# mine\n")
    assert (name, other) == ("maedet-l", text)
    assert library.nearest_builtin("budget: {flops: 1G}\n") is None
