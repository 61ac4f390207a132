"""The editor says what the key under the cursor means, finds words and breaks long lines."""

from textual.events import Key
from textual.widgets import Input

from maedet_tui.screens.editor.finding import FindBar, following, places
from maedet_tui.screens.editor.key_help import KeyHelp
from maedet_tui.screens.editor.screen import Editor
from tests.ui.screens.editor.test_editor import area, edit, retype

TEXT = "# my own\nbudget:\n  flops: 91G\n  params: 26M\nscorer: auto\n"


async def test_help_for_the_key_under_the_cursor_finding_and_wrapping(home, own_presets):
    (own_presets / "mine.yaml").write_text(TEXT)
    async with home() as w:
        await edit(w)
        await w.sees("✓ valid")
        said = w.app.screen.query_one(KeyHelp)
        assert said.border_title == "Preset" and "budget" in said.text
        await w.press("down")
        assert said.border_title == "budget" and "flops_min" in said.text
        await w.press("down", "right", "right", "right")
        await w.sees("budget.flops", "Most FLOPs of the backbone", "at most 100T", "Appendix E")
        # a key that is being typed is helped by its section's
        await w.press("end", "enter", *"lay")
        assert said.border_title == "budget" and "layers" in said.text
        await w.press(*"ers:")
        await w.sees("from 1 to 10,000, or null")
        await w.press("f2")
        assert "10,000" not in w.text
        await w.press("f2")
        await w.sees("10,000")

        # words are looked for as they are typed, also where they come in one piece
        await retype(w, TEXT)
        area(w).move_cursor((0, 0))
        for key in ["ctrl+f", "A", "u"]:
            w.app.post_message(Key(key, key if len(key) == 1 else None))
        await w.until(lambda: w.app.screen.query_one(FindBar).words == "Au")
        await w.sees("1 of 1")
        assert area(w).text == TEXT and area(w).selected_text == "au"
        await w.press("ctrl+u", "m")
        await w.sees("1 of 3")  # my, params, 26M
        await w.press("enter")
        await w.sees("2 of 3")
        assert area(w).selection.start == (3, 6)
        await w.press("enter", "up")
        assert area(w).selection.start == (3, 6)
        await w.press(*"zz")
        await w.sees("not found")
        await w.press("escape")
        assert area(w).has_focus and "not found" not in w.text
        assert isinstance(w.app.screen, Editor)
        w.app.screen.query_one("#wanted", Input).value = "o"
        await w.settle()
        area(w).move_cursor((0, 0))
        await w.press("f3")
        assert area(w).selection.start == (0, 5)
        await w.press("shift+f3", "shift+f3")
        assert area(w).selection.start == (4, 2)

        await retype(w, "description: " + "word " * 40)
        assert area(w).virtual_size.height == 1
        await w.press("f4")
        assert area(w).virtual_size.height > 1
        await w.pilot.resize_terminal(80, 24)
        await w.sees("description: A line about it", "takes text")


def test_places_of_words():
    assert places("Abc\nxABC abcabc", "abc") == [(0, 0), (1, 1), (1, 5), (1, 8)]
    assert places("İabc", "abc") == [(0, 1)]  # whose small form is two characters
    assert places("abc", "") == []
    found = [(0, 0), (1, 1), (1, 5)]
    assert [following(found, (1, 1), step) for step in (0, 1, -1)] == [1, 2, 0]
    assert following(found, (2, 0), 0) == 0 and following(found, (0, 0), -1) == 2
