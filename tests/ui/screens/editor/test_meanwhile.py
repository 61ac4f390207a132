"""What happens in the editor while the text is being checked, or where nothing is wrong."""

import signal
import threading

import pytest

from maedet_tui.presets.edited import EditedPreset
from maedet_tui.screens.editor.problems import ProblemList
from maedet_tui.screens.editor.screen import Editor
from maedet_tui.screens.editor.yaml_area import YamlArea
from maedet_tui.screens.home.lists import PresetTable
from tests.ui.conftest import marked
from tests.waiting import PATIENCE

MINE = "# my own\nbudget:\n  flops: 91G\n  params: 26M\n"


@pytest.fixture
def mine(own_presets):
    path = own_presets / "mine.yaml"
    path.write_text(MINE)
    return path


@pytest.fixture
def slow_check(monkeypatch):
    """The text that was opened is checked once the event that this returns is set."""
    go_on, real = threading.Event(), EditedPreset.examined

    def wait(self, text):
        if text == MINE:
            assert go_on.wait(PATIENCE)
        return real(self, text)

    monkeypatch.setattr(EditedPreset, "examined", wait)
    yield go_on
    go_on.set()


async def edit(w, name="mine"):
    await marked(w, PresetTable, name)
    await w.press("e")
    await w.until(lambda: isinstance(w.app.screen, Editor) and w.app.screen.query("#text"))
    return w.app.screen.query_one(YamlArea)


async def test_what_is_found_in_a_text_that_is_no_more_is_not_shown(
    home, mine, slow_check, monkeypatch
):
    monkeypatch.setattr("maedet_tui.screens.editor.screen.PAUSE", 3600)
    async with home() as w:
        await edit(w)
        await w.press("x")
        slow_check.set()
        await w.rest()
        assert "valid" not in w.text and "problem" not in w.text


async def test_a_check_gives_way_to_that_of_newer_text(home, mine, slow_check):
    async with home() as w:
        area = await edit(w)
        await w.press("x")
        await w.sees("1 problem")
        slow_check.set()
        await w.rest()
        await w.sees("1 problem")
        assert area.text == "x" + MINE


async def test_changes_are_shown_once_the_text_is_checked(home, mine, slow_check):
    async with home() as w:
        await edit(w)
        await w.press("ctrl+g")
        assert "no near relative" not in w.text
        slow_check.set()
        await w.sees("no near relative")


async def test_no_line_differs_from_the_built_in_itself(home):
    async with home() as w:
        await edit(w, "built-in maedet-m")
        await w.sees("valid")
        await w.press("ctrl+g")
        await w.sees("No line differs from the built-in maedet-m.")


async def test_the_text_has_the_focus_once_no_problem_is_left(home, mine):
    mine.write_text(MINE + "x: 1\n")
    async with home() as w:
        area = await edit(w)
        await w.sees("1 problem")
        w.app.screen.query_one(ProblemList).focus()
        await w.settle()
        area.text = MINE
        await w.sees("valid")
        await w.until(lambda: area.has_focus)


async def test_the_next_problem_where_there_is_none(home, mine):
    async with home() as w:
        area = await edit(w)
        await w.sees("valid")
        area.move_cursor((3, 2))
        await w.press("f8")
        w.app.screen.action_next_problem()  # the last one has gone as the key was pressed
        await w.settle()
        assert area.cursor_location == (3, 2) and area.has_focus


async def test_a_signal_leaves_nothing_beside_a_text_without_changes(home, mine):
    async with home() as w:
        await edit(w)
        signal.raise_signal(signal.SIGTERM)
        await w.until(lambda: not w.app.is_running)
    assert [path.name for path in mine.parent.iterdir()] == ["mine.yaml"]


async def test_a_new_line_after_one_without_indentation_has_none(home, mine):
    async with home() as w:
        area = await edit(w)
        area.move_cursor((0, 8))
        await w.press("enter", "x")
        assert area.text == MINE.replace("# my own\n", "# my own\nx\n")
