"""Curves: where they go, what the axes say, how little they cost."""

from dataclasses import replace
from math import log10

import pytest
from textual.events import MouseScrollUp

from engine.snapshot import Bound
from maedet_tui.widgets.glyphs import PLAIN, UNICODE
from maedet_tui.widgets.plot.canvas import Chart, Series, draw, nice_step
from maedet_tui.widgets.plot.kinds import PLOTS, chart_of
from maedet_tui.widgets.plot.window import WHOLE, thinned, x_end
from tests.ui import factory


def lines(chart, width=80, height=16, glyphs=PLAIN):
    return ["".join(text for text, _ in line) for line in draw(chart, width, height, glyphs)]


def chart(*series, **changes):
    made = Chart(tuple(series), 100, 0.0, str, str, str)
    return replace_tuple(made, **{"format_y": "{:g}".format, "format_x": "{:g}".format,
                                  "format_value": "{:g}".format, **changes})  # fmt: skip


def replace_tuple(made, **changes):
    return made._replace(**changes)


STEP = Series("stage-1", "C1", "1", [(0, 1), (50, 9), (100, 9)])


@pytest.mark.parametrize("glyphs", [PLAIN, UNICODE])
@pytest.mark.parametrize("size", [(80, 16), (30, 6), (200, 60)])
def test_every_line_is_as_wide_as_asked(glyphs, size):
    drawn = lines(chart(STEP, switch=50, reference=("paper", 12)), *size, glyphs)
    assert len(drawn) == size[1]
    assert {len(line) for line in drawn} == {size[0]}


@pytest.mark.parametrize("size", [(0, 0), (5, 5), (80, 2), (12, 16)])
def test_no_room(size):
    assert lines(chart(STEP), *size) == []


def test_steps_are_where_they_belong():
    drawn = lines(chart(STEP))
    top, bottom = drawn[1], next(line for line in reversed(drawn) if "11" in line)
    left, right = top.index("1"), top.rindex("111")
    axis = drawn[-2].index("+") + 1
    columns = drawn[-2].rindex("-") - axis + 1
    # the step up is in the middle, and from there it is level
    assert abs(left - (axis + columns // 2)) <= 1
    assert right > left
    assert "111" in bottom[: axis + columns // 2]
    assert drawn[1].rstrip().endswith("1 C1 9") or drawn[2].rstrip().endswith("1 C1 9")


def test_curves_meeting_at_the_end_keep_their_names():
    many = [Series(f"stage-{i}", f"C{i}", str(i), [(0, 5), (100, 5)]) for i in range(1, 6)]
    drawn = "\n".join(lines(chart(*many)))
    assert all(f"{i} C{i} 5" in drawn for i in range(1, 6))


def test_curves_are_told_apart_without_colour():
    apart = [Series(f"stage-{i}", f"C{i}", UNICODE.markers[i - 1], [(0, i), (100, i)])
             for i in range(1, 6)]  # fmt: skip
    drawn = "\n".join(lines(chart(*apart), glyphs=UNICODE))
    for series in apart:
        # on the line itself, and beside its name
        assert drawn.count(series.marker) >= 3


def test_the_switch_is_marked_and_named():
    drawn = lines(chart(STEP, switch=30))
    assert sum(":" in line for line in drawn) > 10
    assert any(":fine" in line for line in drawn)
    assert not any(":" in line for line in lines(chart(STEP)))


def test_the_switch_beyond_the_axis_is_not_drawn():
    assert not any(":" in line for line in lines(chart(STEP, switch=150)))


def test_reference_line():
    drawn = lines(chart(STEP, reference=("paper", 5)))
    assert any("-----" in line and line.rstrip().endswith("paper") for line in drawn)


@pytest.mark.parametrize(("span", "parts", "step"), [(100, 4, 25), (91e9, 5, 20e9), (0.3, 3, 0.1)])
def test_ticks_are_round(span, parts, step):
    assert nice_step(span, parts) == pytest.approx(step)


def test_there_is_no_tick_at_half_a_layer():
    for top in range(1, 60):
        drawn = lines(chart(STEP._replace(points=[(0, 0), (9, top)]), whole=True))
        ticks = [line.split("+")[0].strip() for line in drawn[:-2] if "+" in line]
        assert len(ticks) > 1 and all(tick.isdigit() for tick in ticks), (top, ticks)


@pytest.mark.parametrize("glyphs", [PLAIN, UNICODE])
def test_a_legend_gives_way_to_the_curves(glyphs):
    flops = chart_of(PLOTS[1], factory.fine(), glyphs.markers)
    wide, narrow = (lines(flops, width, 12, glyphs)[:-2] for width in (60, 32))
    assert any("C3 22.2G" in line for line in wide)
    assert sum("C" in line for line in narrow) == 5
    assert not any("22.2" in line for line in narrow)
    assert not any("C" in line for line in lines(flops, 26, 12, glyphs))


def test_the_axis_of_iterations_grows_by_doubling():
    assert x_end(0, 96_000) < 200
    assert x_end(41_200, 96_000) == 48_000
    assert x_end(48_001, 96_000) == 96_000
    assert x_end(96_000, 96_000) == 96_000
    assert x_end(0, 0) == 1


@pytest.mark.parametrize(
    "kind", [kind for kind in PLOTS if not kind.against], ids=lambda kind: kind.name
)
def test_what_each_plot_shows(kind):
    snapshot = factory.fine()
    made = chart_of(kind, snapshot, UNICODE.markers, ("paper", 2283.7))
    assert [series.label for series in made.series] == (
        ["C1", "C2", "C3", "C4", "C5"] if kind.stages else [kind.tab]
    )
    for series in made.series:
        assert series.points[-1][0] == snapshot.iteration  # the best holds until now
    last = snapshot.history[-1]
    wanted = {
        "layers": last.stage_costs[-1].layers,
        "flops": last.stage_costs[-1].flops,
        "params": last.stage_costs[-1].params,
        "z": last.z,
        "parts": last.parts[-1],
        "accepted": 10.0,
        "gap": log10(100 * (1 - last.z / factory.BOUND.value)),
    }[kind.name]
    assert made.series[-1].points[-1][1] == pytest.approx(wanted, rel=1e-12)
    assert (made.reference is None) is (kind.name != "z")
    assert made.switch == 48_000
    assert lines(made, 90, 20, UNICODE)


def test_a_single_point_of_history():
    snapshot = replace(factory.snapshot(), history=factory.history(10)[:1], iteration=3)
    for kind in PLOTS:
        # how many are accepted takes two points to tell, and a gap takes a bound
        if kind.name not in ("accepted", "gap"):
            assert lines(chart_of(kind, snapshot, UNICODE.markers, None), 80, 20, UNICODE)


GAP = next(kind for kind in PLOTS if kind.name == "gap")


def test_a_gap_is_plotted_on_decades():
    history = tuple(
        replace(point, z=(1 - gap) * 2000.0)
        for point, gap in zip(factory.history(40), (0.5, 0.02, 0.0013, 0.00004, 0.0))
    )
    snapshot = replace(factory.fine(), history=history, bound=Bound(2000.0))
    made = chart_of(GAP, snapshot, UNICODE.markers)
    text = lines(made, 80, 24, UNICODE)
    ticks = [line.split("┤")[0].strip() for line in text if "┤" in line]
    assert ticks == ["100 %", "1 %", "0.01 %", "0.0001 %"]
    assert any("Gap 0 %" in line for line in text)  # none is as good as the smallest
    assert any("Gap 0.13 %" in line for line in lines(
        made._replace(cursor=float(history[2].iteration)), 80, 24, UNICODE))  # fmt: skip


def test_without_a_bound_there_is_no_gap():
    snapshot = replace(factory.fine(), bound=Bound(working=True))
    assert not chart_of(GAP, snapshot, UNICODE.markers).series


# --- zooming, reading off, stacking ---------------------------------------------------


def test_a_window_follows_the_newest_until_it_is_held():
    window = WHOLE.zoomed(2, None, 71_000, 96_000)
    assert window.bounds(71_000, 96_000) == (23_000, 71_000)
    assert window.bounds(80_000, 96_000) == (32_000, 80_000)
    held = window.held(71_000, 96_000)
    assert held.bounds(80_000, 96_000) == (23_000, 71_000)


def test_zooming_keeps_what_it_is_around_where_it_is():
    start, end = WHOLE.bounds(71_000, 96_000)
    window = WHOLE.zoomed(4, 24_000, 71_000, 96_000)
    left, right = window.bounds(71_000, 96_000)
    assert (24_000 - left) / (right - left) == pytest.approx((24_000 - start) / (end - start))
    assert window.zoomed(1 / 4, None, 71_000, 96_000) == WHOLE


def test_zooming_ends_at_a_few_iterations_and_at_the_beginning():
    window = WHOLE
    for _ in range(50):
        window = window.zoomed(2, 0, 71_000, 96_000)
    left, right = window.bounds(71_000, 96_000)
    assert (left, right - left) == (0, 20)


def test_thinning_bounds_the_points_and_keeps_the_ends():
    history = factory.history(1_000_000, points=5000)
    kept = thinned(history, 0, 1_100_000, 100)
    assert len(kept) <= 102
    assert kept[0] is history[0] and kept[-1] is history[-1]
    part = thinned(history, 400_000, 500_000, 50)
    assert len(part) <= 52 and part[0].iteration <= 400_000
    assert all(400_000 <= point.iteration <= 500_000 for point in part[1:])


def test_values_at_the_cursor():
    drawn = "\n".join(lines(chart(STEP, cursor=20)))
    assert "1 C1 1" in drawn and "at 20" in drawn
    assert "1 C1 9" in "\n".join(lines(chart(STEP, cursor=70)))


@pytest.mark.parametrize("glyphs", [PLAIN, UNICODE])
def test_stages_on_one_another(glyphs):
    one = Series("stage-1", "C1", "1", [(0, 4), (50, 4), (100, 4)])
    two = Series("stage-2", "C2", "2", [(0, 2), (50, 6), (100, 6)])
    drawn = lines(chart(one, two, stacked=True, switch=30), glyphs=glyphs)
    assert {len(line) for line in drawn} == {80}
    fills = glyphs.fills
    # the second stands on the first: its own values in the legend, their sum on the axis
    assert any("C2 6" in line for line in drawn) and drawn[0].startswith("10 ")
    column = [line[70 - 10] for line in drawn[:-2]]
    assert column.index(fills[1]) < column.index(fills[0])
    assert sum(glyphs.switch in line for line in drawn) > 10 and "fine" in "\n".join(drawn)


async def test_zoom_cursor_freeze_and_stack_with_keys(watch):
    async with watch(factory.fine()) as w:
        await w.sees("convolutional layers of each stage")
        await w.press("plus")
        await w.sees("23,000 to 71,000")
        await w.press("comma", "comma")
        await w.until(
            lambda: any(" at 6" in line or " at 7" in line for line in w.text.splitlines())
        )
        await w.press("0")
        assert " to 71,000" not in w.text
        await w.press("z")
        await w.sees("frozen")
        w.run.snapshot = factory.finished()
        await w.sees("The search finished")
        assert w.app.screen.query_one("#plot")._chart().series[0].points[-1][0] == 71_000
        await w.press("z")
        assert "frozen" not in w.text
        assert w.app.screen.query_one("#plot")._chart().series[0].points[-1][0] == 96_000
        await w.press("y")
        await w.sees("▒▒▒▒", "░░░░", "fine")


async def test_zoom_and_cursor_with_the_mouse(watch):
    async with watch(factory.fine()) as w:
        plot = w.app.screen.query_one("#plot")
        await w.pilot.click("#plot", offset=(30, 5))
        await w.until(lambda: " at " in w.text)
        event = MouseScrollUp(plot, 30, 5, 0, 0, 0, False, False, False)
        plot.post_message(event)
        await w.until(lambda: " to " in str(plot.border_title))


async def test_a_history_without_acceptance_says_so(watch):
    bare = tuple(replace(p, accepted=None, parts=()) for p in factory.fine().history)
    async with watch(factory.fine(history=bare)) as w:
        await w.press("6")
        await w.sees("This was not recorded of this search.")
        await w.press("5")
        await w.sees("This was not recorded of this search.")
        await w.press("4")
        await w.sees("Z 2,260")
