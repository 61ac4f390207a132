"""Curves: where they go, what the axes say, how little they cost."""

from dataclasses import replace

import pytest

from maedet_tui.widgets.canvas import Chart, Series, draw, nice_step
from maedet_tui.widgets.glyphs import PLAIN, UNICODE
from maedet_tui.widgets.plot import PLOTS, chart_of, x_end
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


def test_the_axis_of_iterations_grows_by_doubling():
    assert x_end(0, 96_000) < 200
    assert x_end(41_200, 96_000) == 48_000
    assert x_end(48_001, 96_000) == 96_000
    assert x_end(96_000, 96_000) == 96_000
    assert x_end(0, 0) == 1


@pytest.mark.parametrize("kind", PLOTS, ids=lambda kind: kind.name)
def test_what_each_plot_shows(kind):
    snapshot = factory.fine()
    made = chart_of(kind, snapshot, UNICODE.markers, ("paper", 2283.7))
    assert [series.label for series in made.series] == (
        ["Z"] if kind.name == "z" else ["C1", "C2", "C3", "C4", "C5"]
    )
    for series in made.series:
        assert series.points[-1][0] == snapshot.iteration  # the best holds until now
    last = snapshot.history[-1]
    wanted = last.z if kind.value is None else kind.value(last.stage_costs[-1])
    assert made.series[-1].points[-1][1] == wanted
    assert (made.reference is None) is (kind.name != "z")
    assert made.switch == 48_000
    assert lines(made, 90, 20, UNICODE)


def test_a_single_point_of_history():
    snapshot = replace(factory.snapshot(), history=factory.history(10)[:1], iteration=3)
    for kind in PLOTS:
        assert lines(chart_of(kind, snapshot, UNICODE.markers, None), 80, 20, UNICODE)
