"""The preset editor: from a mistake to a search, and nothing lost on the way."""

import signal

import pytest
from textual.events import Key
from textual.widgets import Input
from textual.widgets._toast import Toast

from maedet_tui.presets import read_source
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.dashboard.screen import Dashboard
from maedet_tui.screens.editor import yaml_area
from maedet_tui.screens.editor.diff_view import changes
from maedet_tui.screens.editor.screen import Editor, ProblemList
from maedet_tui.screens.editor.unsaved import Unsaved
from maedet_tui.screens.editor.yaml_area import YamlArea
from maedet_tui.screens.home.lists import PresetTable
from maedet_tui.screens.home.screen import Home
from maedet_tui.widgets.glyphs import PLAIN
from tests.ui.conftest import marked

MINE = "# my own\nbudget:\n  flops: 91G\n  params: 26M\n"


def area(w):
    return w.app.screen.query_one(YamlArea)


async def edit(w, name="mine"):
    """Open a preset in the editor."""
    await marked(w, PresetTable, name)
    await w.press("e")
    await w.until(lambda: isinstance(w.app.screen, Editor))
    await w.until(lambda: w.app.screen.query("#text"))


async def retype(w, text):
    """Replace the text, as by pasting."""
    area(w).text = text
    await w.settle()


@pytest.fixture
def mine(own_presets):
    path = own_presets / "mine.yaml"
    path.write_text(MINE)
    return path


async def test_edit_see_a_problem_fix_it_save_and_search(home, mine):
    async with home() as w:
        await edit(w)
        await w.sees("✓ valid", "Initial structure", "46.9G of 91G", "13.9M of 26M")
        area(w).move_cursor((2, 7))
        await w.press("p")
        await w.sees("1 problem", "line 3", "budget.flopsp", "mean flops?", "(changed)")
        await w.press("ctrl+r")
        await w.sees("Not started")
        assert not w.desk.started
        area(w).move_cursor((2, 8))
        await w.press("backspace")
        await w.sees("✓ valid")
        area(w).move_cursor(area(w).document.end)
        await w.press(*"audit: false")
        await w.press("ctrl+s")
        await w.until(lambda: any(str(mine) in toast.message for toast in w.app._notifications))
        assert mine.read_text() == MINE + "audit: false"
        await w.press("ctrl+r")
        await w.until(lambda: isinstance(w.app.screen, Dashboard))
        assert w.desk.started[0].name == "mine" and w.desk.started[0].audit is False
        await w.sees("The search finished")
        await w.press("n")
        await w.until(lambda: isinstance(w.app.screen, Home))


async def test_enter_on_a_problem_goes_to_its_line(home, mine):
    mine.write_text(MINE + "\nsearch:\n  population: 1\nscorer: fwd\n")
    async with home() as w:
        await edit(w)
        await w.sees("2 problems", "line 7", "line 8")
        w.app.screen.query_one(ProblemList).focus()
        await w.press("down", "enter")
        await w.until(lambda: area(w).has_focus)
        assert area(w).cursor_location == (7, 0)
        await w.press("f8")
        assert area(w).cursor_location == (6, 2)
        assert any(
            segment.style and segment.style.underline
            for segment in area(w).render_line(area(w).cursor_location[0])
        )


async def test_text_that_is_no_yaml_has_a_line_too(home, mine):
    async with home() as w:
        await edit(w)
        await retype(w, "budget:\n  flops: [91G\n")
        await w.sees("a ']' is missing", "line")
        await retype(w, "- 1")
        await w.sees("a preset is a mapping")


async def test_costs_follow_the_text_even_over_budget(home, mine):
    async with home() as w:
        await edit(w)
        await w.sees("46.9G of 91G")
        await retype(w, MINE.replace("91G", "40G"))
        await w.sees("46.9G of 40G", "the initial structure has 46.9G")
        await retype(w, MINE + "initial: maedet-m\n")
        await w.sees("89.9G of 91G", "25.8M of 26M", "total, 91 convolutional layers")


async def test_a_built_in_preset_is_saved_under_a_new_name(home, own_presets):
    before, source, _ = read_source("maedet-m")
    async with home() as w:
        await edit(w, "built-in maedet-m")
        await w.sees("✓ valid", "built in")
        await retype(w, before.replace("layers: 91", "layers: 79"))
        await w.press("ctrl+s")
        await w.sees("maedet-m is built in and stays as it is", "maedet-m-2")
        w.app.screen.query_one(Input).value = "maedet-m"
        await w.press("enter")
        await w.sees("choose another name")
        w.app.screen.query_one(Input).value = "shallow"
        await w.press("enter")
        await w.until(lambda: (own_presets / "shallow.yaml").exists())
        assert "layers: 79" in (own_presets / "shallow.yaml").read_text()
        assert read_source("maedet-m")[:2] == (before, source)
        await w.press("ctrl+g")
        await w.sees("Changes to maedet-m", "-  layers: 91", "+  layers: 79")
        await w.press("ctrl+g", "escape")
        await w.sees("shallow *", "79")


async def test_searching_with_a_changed_built_in_asks_for_its_name_first(home, own_presets):
    text = read_source("maedet-m")[0].replace("seed: 0", "seed: 7")
    async with home() as w:
        await edit(w, "built-in maedet-m")
        await retype(w, text)
        await w.press("ctrl+r")
        await w.sees("maedet-m is built in and stays")
        await w.press("enter")
        await w.until(lambda: w.desk.started)
        assert w.desk.started[0].schedule.seed == 7
        assert (own_presets / "maedet-m-2.yaml").read_text() == text


async def test_a_built_in_that_was_not_touched_is_searched_at_once(home, own_presets):
    async with home() as w:
        await edit(w, "built-in maedet-s")
        await w.press("ctrl+r")
        await w.until(lambda: w.desk.started)
        assert not list(own_presets.iterdir())


async def test_save_as_leaves_the_old_file(home, mine):
    async with home() as w:
        await edit(w)
        await w.press("x", "ctrl+n")
        await w.sees("mine-2")
        await w.press("enter")
        await w.until(lambda: mine.with_name("mine-2.yaml").exists())
        assert mine.read_text() == MINE


@pytest.mark.parametrize("key", ["escape", "ctrl+c", "ctrl+q"])
async def test_changes_are_never_lost_without_a_word(home, mine, key):
    async with home() as w:
        await edit(w)
        await w.press("x", key)
        await w.sees("The changes to mine are not saved.")
        await w.press(key)  # insisting loses nothing
        if key == "escape":
            await w.until(lambda: isinstance(w.app.screen, Editor))
            await w.press(key)
        assert isinstance(w.app.screen, Unsaved)
        await w.press("n")
        assert isinstance(w.app.screen, Editor) and area(w).text == "x" + MINE
        await w.press(key, "s")
        await w.until(lambda: mine.read_text() == "x" + MINE)


async def test_q_outside_of_the_text_asks_too(home, mine):
    mine.write_text("budget: 5\n")
    async with home() as w:
        await edit(w)
        await w.press("x")
        await w.sees("problem")
        w.app.screen.query_one(ProblemList).focus()
        await w.press("q")
        await w.sees("are not saved")
        await w.press("d")
        await w.until(lambda: not w.app.is_running)
    assert mine.read_text() == "budget: 5\n"


async def test_without_changes_nothing_is_asked(home, mine):
    async with home() as w:
        await edit(w)
        await w.press("x", "backspace", "escape")
        await w.until(lambda: isinstance(w.app.screen, Home))


async def test_discarding_goes_home_and_leaves_the_file(home, mine):
    async with home() as w:
        await edit(w)
        await w.press("x", "escape", "d")
        await w.until(lambda: isinstance(w.app.screen, Home))
    assert mine.read_text() == MINE


async def test_a_file_that_changed_meanwhile_is_not_overwritten_unasked(home, mine):
    async with home() as w:
        await edit(w)
        mine.write_text("# of another program\n")
        await w.press("x", "ctrl+s")
        await w.sees("was changed by another program")
        assert isinstance(w.app.screen, Confirm)
        await w.press("n")
        assert mine.read_text() == "# of another program\n" and w.app.screen.modified
        await w.press("ctrl+s", "y")
        await w.until(lambda: mine.read_text() == "x" + MINE)


async def test_a_file_that_is_gone_is_written_again(home, mine):
    async with home() as w:
        await edit(w)
        mine.unlink()
        await w.press("x", "ctrl+s")
        await w.until(mine.exists)


async def test_a_place_that_cannot_be_written_keeps_the_text(home, mine, monkeypatch):
    async with home() as w:
        await edit(w)
        await w.press("x")
        monkeypatch.setenv("MAEDET_PRESETS", str(mine / "sub"))
        await w.press("ctrl+s")
        await w.sees("Not saved; your text is still here", "MAEDET_PRESETS")
        assert area(w).text == "x" + MINE and w.app.screen.modified
        assert mine.read_text() == MINE


async def test_a_signal_keeps_the_changes_beside_the_file(home, mine):
    async with home() as w:
        await edit(w)
        await w.press("x")
        signal.raise_signal(signal.SIGTERM)
        await w.until(lambda: not w.app.is_running)
    assert mine.read_text() == MINE
    assert mine.with_name("mine-unsaved.yaml").read_text() == "x" + MINE


async def test_ctrl_c_copies_what_is_selected(home, mine):
    async with home() as w:
        await edit(w)
        await w.press("x", "f7", "ctrl+c")
        assert w.app.clipboard == "x" + MINE
        assert isinstance(w.app.screen, Editor)


async def test_a_new_line_begins_where_the_one_before_did(home, mine):
    async with home() as w:
        await edit(w)
        area(w).move_cursor((2, 12))
        await w.press("enter", "x")
        assert area(w).document.get_line(3) == "  x"


async def test_keys_that_come_in_one_piece_are_obeyed_in_their_order(home, mine):
    async with home() as w:
        await edit(w)
        for key in ["down", "end", "x", "enter", "y", "up", "up", "z", "backspace", "w"]:
            w.app.post_message(Key(key, key if len(key) == 1 else None))
        await w.until(lambda: "w" in area(w).text.replace(" own", ""))
        assert area(w).text == "#w my own\nbudget:x\ny\n" + MINE.partition("budget:\n")[2]


async def test_the_footer_of_the_editor_offers_help_save_as_and_undo(home, mine):
    async with home(size=(80, 24)) as w:
        await edit(w)
        await w.sees("Save as", "Undo", "Help")
        await w.press("x")
        assert area(w).text == "x" + MINE
        await w.press("ctrl+z")
        assert area(w).text == MINE


async def test_what_is_saved_with_problems_is_not_saved_in_green(home, mine):
    async with home() as w:
        await edit(w)
        await retype(w, MINE.replace("flops", "flopps"))
        await w.press("ctrl+s")
        await w.sees("Saved, with 1 problem in it")
        assert w.app.screen.query_one(Toast).has_class("-warning")
        await retype(w, MINE)
        await w.press("ctrl+s")
        await w.until(lambda: w.app.screen.query("Toast.-information"))


@pytest.mark.parametrize("language", ["yaml", None])
async def test_colours_where_the_parser_is_installed(home, mine, language, monkeypatch):
    if language:
        pytest.importorskip("tree_sitter_yaml")
    monkeypatch.setattr(yaml_area, "_language", lambda: language)
    async with home() as w:
        await edit(w)
        await w.sees("✓ valid")
        colours = {
            segment.style.color.name
            for segment in area(w).render_line(2)
            if segment.style and segment.style.color and segment.text.strip()
        }
        assert (w.app.current_theme.primary in colours) is bool(language)
        await w.press("x")
        assert area(w).text == "x" + MINE
        w.app.action_theme()
        await w.until(lambda: area(w).theme == w.app.theme)


async def test_help_in_the_editor(home, mine):
    async with home() as w:
        await edit(w)
        await w.press("f1")
        await w.sees("Save, and search with this preset", "Go to the next problem")


async def test_one_thing_at_a_time_at_80x24(home, mine):
    async with home((80, 24)) as w:
        await edit(w)
        await w.sees("# my own", "✓ valid", "Save", "Search", "Help", "Close")
        assert "Initial structure" not in w.text
        await w.press("ctrl+o")
        await w.sees("Initial structure", "46.9G of 91G")
        assert "# my own" not in w.text
        await w.press("ctrl+g")
        await w.sees("no near relative")
        await w.press("ctrl+g")
        await w.sees("# my own")
        await w.until(lambda: area(w).has_focus)


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (1, 1), (300, 12)])
async def test_odd_sizes_do_not_crash(home, mine, size):
    mine.write_text("budget: {flopps: 1}\nsearch: 5\n")
    async with home((80, 24)) as w:
        await edit(w)
        await w.pilot.resize_terminal(*size)
        for keys in (("x", "f8"), ("ctrl+o", "ctrl+g"), ("ctrl+n", "escape"), ("escape", "n")):
            await w.press(*keys)
        assert w.app.is_running and len(w.text.splitlines()) == size[1]


async def test_a_problem_is_seen_at_40x10(home, mine):
    mine.write_text("budget: {flopps: 1}\n")
    async with home((40, 10)) as w:
        await edit(w)
        await w.sees("mine", "1 problem", "budget.flopps", "did you mean flops?")


async def test_plain_characters(home, mine):
    mine.write_text("budget: {flopps: 1}\n" + "a: 1\n" * 40)
    async with home((80, 24), characters=PLAIN) as w:
        await edit(w)
        await w.sees("! line 1", "problems")
        above = w.text
        assert above.isascii(), [c for c in above if not c.isascii()]
        await w.press("ctrl+n")
        await w.sees("mine-2")
        assert w.text.rsplit("\n", 1)[0].isascii()


def test_changes_between_two_texts():
    assert changes("a\nb\nc\n", "a\nB\nc\n") == ["@@ -1,3 +1,3 @@", " a", "-b", "+B", " c"]
    assert changes("a\n", "a\n") == []
