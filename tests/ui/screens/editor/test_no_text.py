"""Presets that are no text, or hold what a terminal would obey: said, shown, and never lost."""

import os

import pytest
from textual.widgets import Input

from maedet_tui.presets.reading import CONTROL
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.editor.screen import Editor
from maedet_tui.screens.editor.yaml_area import YamlArea
from maedet_tui.screens.home.lists import PresetTable, RunTable
from maedet_tui.screens.home.screen import Home
from maedet_tui.screens.structures.item_list import ItemList
from tests.store.conftest import QUICK, searched
from tests.ui.conftest import marked

LATIN = "budget: {flops: 91G}\n# caf\u00e9 cr\u00e8me\n".encode("latin-1")


async def edited(w, name):
    await marked(w, PresetTable, name)
    await w.press("e")
    await w.until(lambda: isinstance(w.app.screen, Editor))
    return w.app.screen.query_one(YamlArea)


async def test_other_encodings_are_said_and_can_be_put_right(home, own_presets):
    path = own_presets / "mine.yaml"
    path.write_bytes(LATIN)
    async with home() as w:
        await w.sees("line 2: is not text in UTF-8 here")
        area = await edited(w, "mine")
        await w.sees("# caf\ufffd cr\ufffdme", "line 2", "where \ufffd stands", "1 problem")
        await w.press("ctrl+r")  # not searched with as long as it is damaged
        assert isinstance(w.app.screen, Editor) and not w.desk.started
        area.text = area.text.replace("caf\ufffd cr\ufffdme", "coffee")
        await w.sees("valid")
        await w.press("ctrl+s")
        await w.until(lambda: isinstance(w.app.screen, Confirm))
        assert path.read_bytes() == LATIN  # nothing is lost before one says so
        await w.press("n")
        assert path.read_bytes() == LATIN and w.app.screen.modified
        await w.press("ctrl+s", "y")
        await w.until(lambda: path.read_text() == "budget: {flops: 91G}\n# coffee\n")
        await w.press("ctrl+r")
        await w.until(lambda: w.desk.started)


async def test_a_damaged_text_is_kept_under_another_name(home, own_presets):
    (own_presets / "mine.yaml").write_bytes(LATIN)
    async with home() as w:
        await edited(w, "mine")
        await w.sees("1 problem")
        await w.press("ctrl+n")
        w.app.screen.query_one(Input).value = "other"
        await w.press("enter")
        await w.until((own_presets / "other.yaml").exists)
        await w.sees("valid")  # what stands for the lost bytes is text there
        assert (own_presets / "mine.yaml").read_bytes() == LATIN
        await w.press("escape")
        await w.until(lambda: isinstance(w.app.screen, Home))


async def test_what_is_no_file_to_read_is_said_in_a_sentence(home, own_presets, monkeypatch):
    (own_presets / "folder.yaml").mkdir()
    os.mkfifo(own_presets / "pipe.yaml")
    (own_presets / "large.yaml").write_text("#" * 600_000)
    (own_presets / "dangling.yaml").symlink_to("nowhere")
    async with home() as w:
        for name, words in (
            ("folder", "is a folder; move it elsewhere"),
            ("pipe", "named pipe; move it elsewhere"),
            ("large", "is far larger than any preset"),
            ("dangling", "cannot be read: No such file"),
        ):
            await marked(w, PresetTable, name)
            await w.sees(words)
            assert "opens it in the editor" not in w.text
            await w.press("e")
            await w.sees(f"{name} cannot be edited")
            await w.press("enter", "c")
            assert isinstance(w.app.screen, Home) and not w.desk.started
            w.app.clear_notifications()


async def test_a_file_that_may_not_be_read(home, own_presets, monkeypatch):
    (own_presets / "mine.yaml").write_text("budget: {flops: 91G}")
    real = os.open

    def refuse(path, *args, **kwargs):
        if str(path).endswith("mine.yaml"):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    async with home() as w:
        await w.sees("Permission denied; give yourself the right to read it")
        await marked(w, PresetTable, "mine")
        await w.press("e")
        await w.sees("mine cannot be edited")


@pytest.mark.parametrize(
    "text",
    [
        "budget: {flops: 91G}\n# \x1b[2Jgone\x07\n",
        'description: "\\e[2J \\e]0;title\\a"\n',
        'name: "a\\e[31mb"\n"\\e[32mkey": "\\e[33m"\n',
    ],
)
async def test_nothing_in_a_preset_commands_the_terminal(home, own_presets, text):
    (own_presets / "mine\x1b[31m.yaml").write_text(text)
    async with home() as w:
        await w.sees("mine")
        w.app.screen.query_one(PresetTable).focus()
        await w.press("home")
        await w.sees("control character")
        assert not CONTROL.search(w.text.replace("\n", ""))
        await w.press("enter")
        assert not w.desk.started
        await w.press("d")
        await w.sees("for good?")
        assert not CONTROL.search(w.text.replace("\n", ""))
        await w.press("escape", "e")
        await w.until(lambda: isinstance(w.app.screen, Editor))
        await w.sees("control character", "mine\ufffd[31m")
        assert not CONTROL.search(w.text.replace("\n", ""))
        assert w.app.screen.text == text and not w.app.screen.modified


@pytest.mark.parametrize("name", ["mine[bold]x", "mine\x1b[31mx"])
async def test_names_of_files_are_shown_as_they_are(home, own_presets, tmp_path, name):
    (own_presets / f"{name}.yaml").write_text("budget: {flops: 91G}\nserach: {}\n")
    searched(QUICK, tmp_path / "runs", "old")
    (tmp_path / "runs/old").rename(tmp_path / f"runs/{name}")
    shown = name.replace("\x1b", "\ufffd")
    async with home(size=(170, 60)) as w:
        await marked(w, PresetTable, f"{name}")
        await w.sees(f"─ {shown} ─")
        await marked(w, RunTable, name)
        await w.press("b")
        await w.sees("Structures", shown)
        items = w.app.screen.query_one(ItemList)
        here = next(i for i, option in enumerate(items.options) if shown in str(option.prompt))
        items.highlighted = here
        await w.sees(f"─ {shown}, ")
        await w.press("enter", "S")
        await w.sees("Save (ctrl+s)")
        assert not CONTROL.search(w.text.replace("\n", ""))
