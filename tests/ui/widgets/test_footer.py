"""The last line: which keys it names, and that it can be clicked."""

from typing import ClassVar

import pytest
from textual.app import App
from textual.binding import Binding, BindingType

from maedet_tui.screens.help import Help
from maedet_tui.widgets.footer import Footer
from maedet_tui.widgets.glyphs import PLAIN
from tests.ui import factory


def last_line(w):
    return w.text.splitlines()[-1]


async def test_a_click_on_a_key_is_as_good_as_the_key(watch):
    async with watch(factory.snapshot()) as w:
        await w.sees("Pause")
        row = w.app.size.height - 1
        await w.pilot.click(offset=(last_line(w).index("Pause"), row))
        assert w.run.orders == ["pause"]
        await w.pilot.click(offset=(last_line(w).index("1234567") + 1, row))
        await w.sees("FLOPs of each")
        await w.pilot.click(offset=(last_line(w).index("Help"), row))
        await w.until(lambda: isinstance(w.app.screen, Help))


async def test_the_palette_opens_with_a_click(watch):
    async with watch(factory.snapshot()) as w:
        await w.sees("palette")
        await w.pilot.click(offset=(last_line(w).index("palette"), w.app.size.height - 1))
        await w.sees("Search for commands")


async def test_under_a_dialog_it_offers_what_works_there_and_nothing_else(home):
    async with home() as w:
        await w.sees("Numbers")
        above = last_line(w)
        for key, dialog in (("c", "Copy maedet"), ("f", "iterations"), ("question_mark", "─ Help")):
            await w.press(key)
            await w.sees(dialog)
            await w.until(lambda: last_line(w) != above)
            offered = last_line(w).split()
            assert offered[-2:] in (["esc", "Cancel"], ["esc", "Close"]), offered
            assert not {"Edit", "Numbers", "Copy", "Delete", "Browse"} & set(offered)
            await w.press("escape")
            await w.until(lambda: last_line(w) == above)


async def test_under_a_dialog_of_the_dashboard_a_change_of_the_search_offers_no_more(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("x")
        await w.sees("Stop this search for good?")
        w.run.snapshot = factory.finished()
        await w.sees("finished")
        await w.until(lambda: last_line(w).split() == ["y", "Yes", "n", "No"])
        await w.press("n")
        await w.until(lambda: "View" in last_line(w) and "Pause" not in last_line(w))


async def test_a_key_says_in_a_sentence_what_it_does(watch):
    async with watch(factory.snapshot()) as w:
        await w.sees("Pause")
        footer, row = w.app.screen.query_one(Footer), w.app.size.height - 1
        await w.pilot.hover(offset=(last_line(w).index("Pause"), row))
        await w.until(lambda: "Pause the search" in str(footer.tooltip))
        await w.pilot.hover(offset=(last_line(w).index("Quit"), row))
        await w.until(lambda: "Leave" in str(footer.tooltip))


@pytest.mark.parametrize("width", [30, 40, 60])
async def test_where_there_is_no_room_whole_keys_are_left_out(watch, width):
    async with watch(factory.snapshot(), size=(width, 24)) as w:
        await w.sees("palette")
        words = last_line(w).replace("▏", " ").split()
        assert words[-1] == "palette"
        assert set(words) <= {"space", "Pause", "s", "Save", "x", "Stop", "123456789", "Plot", "f",
                              "Fill", "?", "Help", "q", "Quit", "^p", "palette"}  # fmt: skip


async def test_new_text_is_drawn_beside_what_has_not_changed(watch):
    """And all of it in other colours, when those change."""
    async with watch(factory.snapshot(iteration=1000)) as w:
        await w.sees("1,000 of")
        w.run.snapshot = factory.snapshot(iteration=2000)
        await w.sees("2,000 of")
        footer = w.app.screen.query_one(Footer)
        before = footer.render_lines(footer.size.region)
        assert footer.render_lines(footer.size.region) is before
        await w.press("t")
        await w.until(lambda: footer.render_lines(footer.size.region) != before)


async def test_keys_have_plain_names_on_plain_terminals(home):
    async with home(characters=PLAIN) as w:
        await w.sees("enter Search")
        assert last_line(w).isascii()


async def test_a_screen_that_came_up_while_another_window_had_the_focus(home):
    async with home() as w:
        w.app.app_focus = False
        w.app.show_dashboard(factory.FakeRun(factory.snapshot()))
        await w.sees("41,200")
        await w.rest()
        w.app.app_focus = True
        await w.until(lambda: "Pause" in last_line(w))


async def test_a_click_beside_the_keys_does_nothing(watch):
    async with watch(factory.snapshot(), size=(200, 40)) as w:
        await w.sees("Pause")
        between = last_line(w).index("palette") - 12
        assert not last_line(w)[between - 3 : between + 3].strip()
        before = w.app.screen
        await w.pilot.click(offset=(between, w.app.size.height - 1))
        await w.settle()
        assert w.app.screen is before and w.run.orders == []


async def test_a_key_that_does_nothing_now_says_so_when_it_is_clicked(home, monkeypatch):
    async with home() as w:
        await w.press("e")
        await w.sees("valid", "Problem")
        rung = []
        monkeypatch.setattr(w.app, "bell", lambda: rung.append(True))
        await w.pilot.click(offset=(last_line(w).index("Problem"), w.app.size.height - 1))
        await w.until(lambda: rung)


async def test_moving_within_a_key_draws_nothing_anew(watch):
    async with watch(factory.snapshot()) as w:
        await w.sees("Pause")
        footer, row = w.app.screen.query_one(Footer), w.app.size.height - 1
        at = last_line(w).index("Pause")
        await w.pilot.hover(offset=(at, row))
        await w.until(lambda: "Pause the search" in str(footer.tooltip))
        await w.settle()
        before = footer.render_lines(footer.size.region)
        await w.pilot.hover(offset=(at + 2, row))
        await w.settle()
        assert footer.render_lines(footer.size.region) is before


async def test_without_room_for_the_palette_no_part_of_it_is_named(watch):
    async with watch(factory.snapshot(), size=(9, 24)) as w:
        await w.settle()
        assert "pal" not in last_line(w) and "^p" not in last_line(w)


class NoPalette(App[None]):
    """An app with a key, and nothing to choose from by name."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "quit", "Leave it")]

    def compose(self):
        yield Footer()


async def test_where_there_is_no_palette_only_keys_are_named():
    async with NoPalette().run_test(size=(40, 5)) as pilot:
        footer = pilot.app.screen.query_one(Footer)
        for _ in range(4):
            await pilot.pause()
        assert footer.text.split()[:3] == ["x", "Leave", "it"] and "palette" not in footer.text
