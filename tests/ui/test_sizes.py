"""Terminals of all sizes, and poor ones."""

import pytest

from maedet_tui.widgets.glyphs import PLAIN, UNICODE, glyphs, speaks_unicode
from tests.ui import factory

FULL = factory.fine(audit=factory.AUDIT, recheck=factory.RECHECK, notices=("There is no GPU.",))


async def test_tabs_at_80x24(watch):
    async with watch(FULL, size=(80, 24)) as w:
        await w.sees("71,000 of 96,000", "2,241.25", "88.7G of 91G", "± 4.25")
        assert "The paper's" not in w.text and "iterations" not in w.text
        await w.press("tab")
        await w.sees("tied with number 1", "1,539.60  68.1 %", "cores")
        await w.press("tab")
        await w.sees("convolutional layers of each stage", "C5 24", "running", "19,842/s")
        await w.press("tab")
        await w.sees("Best structure", "The paper's MAE-DET-M", "Z 2,260.50", "Z 2,283.67")
        await w.press("tab")
        await w.sees("2,241.25")
        await w.press("shift+tab")
        await w.sees("The paper's MAE-DET-M")


async def test_every_panel_can_be_scrolled_to_at_80x24(watch):
    async with watch(FULL, size=(80, 24)) as w:
        await w.sees("There is no GPU.")
        assert "forward, float32 on cpu" not in w.text
        await w.press("end")
        await w.sees("forward, float32 on cpu", "Budget used by the best", "no limit")


async def test_a_plot_key_opens_the_plots_tab(watch):
    async with watch(FULL, size=(80, 24)) as w:
        await w.press("3")
        await w.sees("parameters of each stage")


async def test_clicking_a_tab(watch):
    async with watch(FULL, size=(80, 24)) as w:
        await w.sees("Structures")
        column = w.text.splitlines()[1].index("Structures")
        await w.pilot.click(offset=(column + 2, 1))
        await w.sees("The paper's MAE-DET-M")


async def test_all_keys_fit_the_footer_at_80(watch):
    async with watch(FULL, size=(80, 24)) as w:
        await w.sees("Pause", "Save", "Stop", "Plot", "Help", "Quit", "palette")


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (1, 1), (300, 10), (30, 80)])
async def test_odd_sizes_do_not_crash(watch, size):
    async with watch(FULL, size=size) as w:
        for keys in (("tab", "tab"), ("1", "4"), ("f", "f"), ("question_mark",), ("escape", "x")):
            await w.press(*keys)
        assert w.app.is_running
        assert len(w.text.splitlines()) == size[1]


async def test_wide_tables_scroll_sideways_in_40_columns(watch):
    async with watch(FULL, size=(40, 10)) as w:
        await w.press("shift+tab")
        await w.sees("Best structure")
        assert "Z %" not in w.text
        await w.press(*["right"] * 40)
        await w.sees("Z %")


async def test_resizing_back_and_forth_leaves_no_trace(watch):
    async with watch(FULL, size=(120, 40)) as w:
        await w.sees("scored in closed form", "palette")
        before = w.text
        for size in ((80, 24), (40, 10), (200, 60)):
            await w.pilot.resize_terminal(*size)
            await w.until(lambda w=w, size=size: set(map(len, w.text.splitlines())) == {size[0]})
        await w.pilot.resize_terminal(120, 40)
        await w.until(lambda: w.text == before)


async def test_two_structures_side_by_side_at_200(watch):
    async with watch(FULL, size=(200, 60)) as w:
        await w.until(
            lambda: any(
                "Best structure" in line and "The paper's MAE-DET-M" in line
                for line in w.text.splitlines()
            )
        )


async def test_one_panel_on_a_big_screen(watch):
    async with watch(FULL, size=(120, 40)) as w:
        await w.press("f")
        await w.until(lambda: "Best structure" not in w.text)
        await w.press("f")
        await w.sees("Best structure", "2,241.25")


async def test_plain_characters(watch):
    async with watch(FULL, size=(120, 48), characters=PLAIN) as w:
        await w.sees("5 C5 24", "> running", "+- 4.25")
        dashboard = w.text
        assert dashboard.isascii(), [c for c in dashboard if not c.isascii()]


@pytest.mark.parametrize(
    ("environ", "unicode"),
    [
        ({}, True),
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "de_DE.utf8", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, False),
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, False),
    ],
)
def test_which_terminals_are_trusted_with_unicode(environ, unicode):
    assert speaks_unicode(environ) is unicode
    assert glyphs(environ) is (UNICODE if unicode else PLAIN)
