"""Plots of what begins late, of nothing, and where there is hardly any room."""

import pytest
from textual.app import App

from maedet_tui.widgets.glyphs import PLAIN, UNICODE
from maedet_tui.widgets.plot.canvas import Series
from maedet_tui.widgets.plot.grid import Grid, levels
from maedet_tui.widgets.plot.plot import Plot
from tests.ui import factory
from tests.ui.widgets.test_plot import STEP, chart, lines

LATE = Series("stage-2", "C2", "2", [(50, 5), (100, 5)])


@pytest.mark.parametrize("glyphs", [PLAIN, UNICODE])
@pytest.mark.parametrize("stacked", [False, True])
def test_nothing_is_drawn_before_a_curve_begins(glyphs, stacked):
    drawn = lines(chart(LATE, stacked=stacked), glyphs=glyphs)
    axis = drawn[0].index(glyphs.y_tick) + 1
    middle = axis + (80 - axis - len(" 2 C2 5 ")) // 2
    assert all(not line[axis : middle - 2].strip() for line in drawn[:-2])
    assert any(line[middle + 2 : 70].strip() for line in drawn[:-2])


@pytest.mark.parametrize("cursor", [None, 20])
def test_a_series_without_points_has_no_place_in_the_legend(cursor):
    drawn = "\n".join(lines(chart(STEP, LATE._replace(points=[]), cursor=cursor)))
    assert "C1" in drawn and "C2" not in drawn


def test_numbers_of_the_axis_give_way_to_each_other():
    wide = chart(STEP, format_x="{:020.2f}".format)
    assert lines(wide, 34, 16)[-1].split() == [f"{0:020.2f}"]
    assert lines(chart(STEP), 34, 16)[-1].split() == ["0", "50", "100"]


def test_points_beyond_the_right_end_are_left_out():
    assert levels([(0, 1), (50, 2), (90, 3)], 4, 0, 60) == [1, 1, 1, 2]
    assert levels([(90, 3)], 4, 0, 60) == []


def test_a_name_wider_than_the_plot_loses_its_end():
    grid = Grid(3, 2)
    grid.name(1, "fine", "switch")
    assert ["".join(row) for row in grid.chars] == ["fin", "   "]


async def test_a_cursor_takes_a_curve(watch):
    async with watch(factory.starting()) as w:
        await w.press("comma", "plus", "z")
        await w.sees("The curves begin with the first scored structure.")
        assert " at " not in w.text


async def test_a_cursor_takes_room(watch):
    async with watch(factory.fine(), size=(26, 9)) as w:
        await w.press("1", "comma")
        await w.sees("Too small for a plot")
        assert " at " not in w.text


async def test_a_click_beside_the_curves_points_at_nothing(watch):
    async with watch(factory.fine()) as w:
        await w.sees("convolutional layers of each stage")
        plot = w.app.screen.query_one(Plot)
        await w.pilot.click(plot, offset=(1, 5))  # what is written at the y axis
        await w.settle()
        assert plot._cursor is None
        await w.pilot.click(plot, offset=(30, 5))
        await w.until(lambda: plot._cursor is not None)


async def test_the_cursor_takes_a_window_with_it(watch):
    async with watch(factory.fine()) as w:
        await w.press("plus", "comma", "z", "plus")
        plot = w.app.screen.query_one(Plot)
        start = plot._window.bounds(71_000, 96_000)[0]
        await w.press(*["less_than_sign"] * 12)
        assert plot._window.bounds(71_000, 96_000)[0] < start
        assert plot._window.bounds(71_000, 96_000)[0] <= plot._cursor
        await w.press(*["greater_than_sign"] * 30)
        assert plot._window.bounds(71_000, 96_000)[1] == 71_000 == plot._cursor


class OnePlot(App[None]):
    """A plot to which nothing has been shown yet."""

    def compose(self):
        yield Plot(PLAIN)


async def test_a_plot_of_nothing_yet_stays_as_it_is():
    async with OnePlot().run_test(size=(60, 16)) as pilot:
        plot = pilot.app.screen.query_one(Plot)
        title = plot.border_title
        plot.zoom(True)
        plot.freeze()
        plot.move_cursor(-1)
        await pilot.click(plot, offset=(30, 5))
        await pilot.pause()
        assert plot.border_title == title and "frozen" not in title
        plot.show(factory.fine())
        assert plot._chart().x_end == 96_000
