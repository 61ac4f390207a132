"""All plots at once where there is room, and one of them on the whole screen by its key."""

import pytest

from maedet_tui.widgets.plot.kinds import TOGETHER, kind_of
from maedet_tui.widgets.plot.plot import Plot
from tests.ui import factory


def shown(w):
    return [plot.kind.name for plot in w.app.screen.query(Plot) if plot.display]


def titles():
    kinds = map(kind_of, TOGETHER)
    return [f"{kind.key} {kind.title if kind.against else kind.tab}" for kind in kinds]


async def test_all_plots_at_once_and_one_filled_by_its_key(watch):
    async with watch(factory.fine(), size=(160, 50)) as w:
        assert shown(w) == list(TOGETHER)
        await w.sees(*titles())
        await w.press(kind_of("z").key)
        assert w.app.screen.maximized.kind.name == "z"
        await w.sees("Best so far: Z of the best structure")
        await w.press(kind_of("flops").key)
        assert w.app.screen.maximized.kind.name == "flops"
        await w.press(kind_of("flops").key)
        assert w.app.screen.maximized is None
        await w.press(kind_of("flops").key, "escape")
        assert w.app.screen.maximized is None
        await w.sees(*titles())


async def test_what_one_plot_shows_of_the_search_all_of_them_do(watch):
    async with watch(factory.fine(), size=(160, 50)) as w:
        await w.press("z", "less_than_sign", "plus", "y")
        first, *others = [plot for plot in w.app.screen.query(Plot) if plot.display]
        for other in others:
            assert (other._cursor, other._window) == (first._cursor, first._window)
            assert other._frozen is first._frozen is not None and other.stacked
        assert first._window.span is not None and first._cursor is not None
        await w.press("0")
        assert all(plot._cursor is None for plot in w.app.screen.query(Plot))


async def test_the_focus_goes_through_all_plots_and_f_fills_with_one(watch):
    async with watch(factory.fine(), size=(160, 50)) as w:
        while not isinstance(w.app.screen.focused, Plot):
            await w.press("tab")
        await w.press("tab", "f")
        assert w.app.screen.maximized.kind.name == TOGETHER[1]
        await w.press("f")
        assert w.app.screen.maximized is None


@pytest.mark.parametrize("size", [(159, 50), (160, 43), (120, 40)])
async def test_one_plot_where_there_is_no_room_for_all(watch, size):
    async with watch(factory.fine(), size=size) as w:
        assert shown(w) == ["layers"]
        await w.press(kind_of("z").key)
        assert shown(w) == ["z"]


async def test_a_filled_plot_gives_way_where_there_is_no_room_for_all_any_more(watch):
    async with watch(factory.fine(), size=(160, 50)) as w:
        await w.press(kind_of("z").key)
        await w.pilot.resize_terminal(120, 40)
        await w.settle()
        assert w.app.screen.maximized is None
        # the one that was filled is the one on show
        assert shown(w) == ["z"]


async def test_a_digit_shows_its_plot_where_another_panel_fills_the_screen(watch):
    async with watch(factory.fine()) as w:
        w.app.screen.query_one("#population").focus()
        await w.press("f", kind_of("z").key)
        assert w.app.screen.maximized.kind.name == "z"


async def test_a_plot_without_a_place_of_its_own_has_the_whole_screen(watch):
    async with watch(factory.fine(), size=(160, 50)) as w:
        assert "params" not in TOGETHER
        await w.press(kind_of("params").key)
        assert w.app.screen.maximized.kind.name == "params"
        await w.press(kind_of("z").key, kind_of("params").key, kind_of("params").key)
        assert w.app.screen.maximized is None
        assert shown(w) == list(TOGETHER)


async def test_what_takes_long_to_draw_is_drawn_less_often(watch):
    """So that six plots take no more of a slow machine than of a fast one."""
    async with watch(factory.fine(), size=(160, 50)) as w:
        await w.sees(*titles())
        slow, fast = [plot for plot in w.app.screen.query(Plot) if plot.display][:2]
        for plot, took, drawn_ago in ((slow, 0.1, 40.0), (fast, 0.001, 1.5)):
            assert plot.took > 0
            plot.took = took
            plot._drawn_at -= drawn_ago
        before = slow._drawn_at, fast._drawn_at
        slow.show(factory.fine(iteration=71_001))
        fast.show(factory.fine(iteration=71_001))
        assert slow._drawn_at == before[0] and fast._drawn_at > before[1]
        slow._drawn_at -= 15.0
        slow.tick()
        assert slow._drawn_at > before[0]
        slow.show(factory.finished())  # the end is seen at once
        slow.took = 0.1
        assert not slow._stale
