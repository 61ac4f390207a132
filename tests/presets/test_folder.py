"""The folder of the user's own presets: where it is, and what can be in the way there."""

from pathlib import Path

import pytest

from maedet_tui.errors import SaveError
from maedet_tui.presets import PresetError, library
from maedet_tui.presets import folder as own
from maedet_tui.presets.edited import EditedPreset


def refused(self, *_, **__):
    raise PermissionError(13, "Permission denied")


def test_presets_are_kept_with_the_settings_of_other_programs(monkeypatch, tmp_path):
    monkeypatch.delenv(own.VARIABLE)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = own.user_folder()
    assert found.name == "presets" and "maedet-tui" in found.parts
    assert own.user_presets() == {}  # it need not exist


def test_the_variable_names_another_folder_also_from_home(monkeypatch):
    monkeypatch.setenv(own.VARIABLE, "~/my presets")
    assert own.user_folder() == Path.home() / "my presets"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "cannot name a file"),
        (".hidden", "cannot name a file"),
        ("a/b", "cannot name a file"),
        ("mine.yaml", "leave .yaml out; a name is enough"),
        ("maedet-m", "is a built-in preset, which stays as it is"),
        ("mine", "is a preset of yours already"),
    ],
)
def test_names_that_a_new_preset_cannot_have(own_presets, name, words):
    (own_presets / "mine.yaml").write_text("budget: {flops: 1G}\n")
    with pytest.raises(SaveError, match=words):
        own.refuse_taken(name)
    own.refuse_taken("other")


def test_what_was_saved_is_found_again_and_written_over_in_its_place(own_presets):
    (own_presets / "mine.yml").write_text("old")
    assert own.save("mine", "new") == own_presets / "mine.yml"
    assert own.user_presets() == {"mine": own_presets / "mine.yml"}
    assert (own_presets / "mine.yml").read_text() == "new"
    assert own.free_name("mine") == "mine-2" and own.free_name("maedet-m") == "maedet-m-2"
    (own_presets / "mine-2.yaml").write_text("another")
    assert own.free_name("mine") == "mine-3"
    own.remove(own_presets / "mine-2.yaml")
    own.remove(own_presets / "mine.yml")
    own.remove(own_presets / "mine.yml")  # somebody else was faster
    assert own.user_presets() == {}


def test_a_folder_that_cannot_be_read_names_the_variable(own_presets, monkeypatch):
    monkeypatch.setattr(own.Path, "iterdir", refused)
    with pytest.raises(PresetError, match=f"cannot be read: .*{own.VARIABLE} names another folder"):
        own.user_presets()
    with pytest.raises(SaveError, match="cannot be read"):
        own.refuse_taken("other")
    with pytest.raises(SaveError, match="cannot be read"):
        own.save("other", "text")


def test_a_folder_that_cannot_be_made_names_the_variable(tmp_path, monkeypatch):
    monkeypatch.setenv(own.VARIABLE, str(tmp_path / "none"))
    monkeypatch.setattr(own.Path, "mkdir", refused)
    with pytest.raises(SaveError, match=own.VARIABLE):
        own.save("mine", "text")


def test_a_preset_that_cannot_be_removed_says_why(own_presets, monkeypatch):
    monkeypatch.setattr(own.Path, "unlink", refused)
    with pytest.raises(SaveError, match=r"mine.yaml: cannot be removed: Permission denied"):
        own.remove(own_presets / "mine.yaml")


def test_a_built_in_preset_is_saved_under_a_new_name_alone(own_presets):
    (entry,) = [entry for entry in library.entries() if entry.name == "maedet-m"]
    edited = EditedPreset(entry)
    with pytest.raises(SaveError, match="is built in and stays as it is; give a new name"):
        edited.save(edited.saved)
    assert edited.save(edited.saved, "mine") == own_presets / "mine.yaml"
    assert edited.save(edited.saved) == own_presets / "mine.yaml"
