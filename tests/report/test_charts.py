"""Curves in SVG."""

import re
from itertools import pairwise

import pytest

from maedet_tui.report import charts
from maedet_tui.report.charts import Chart, Curve, draw, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 96_000, [0, 20_000, 40_000, 60_000, 80_000]),
        (1600, 2330, [1600, 1800, 2000, 2200]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-3, 3, [-2, 0, 2]),
        (5, 5, [5]),
    ],
)
def test_ticks_are_round_and_within_the_range(low, high, expected):
    assert ticks(low, high) == pytest.approx(expected)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1.0, 7.3, 1e5, 1e12])
def test_there_are_a_few_ticks_at_any_scale(scale):
    for high in (1, 1.9, 2.1, 3, 4.9, 5.1, 7, 9.9):
        found = ticks(0.3 * scale, high * scale)
        assert 1 <= len(found) <= 6
        assert all(0.3 * scale <= one <= high * scale * (1 + 1e-9) for one in found)


def coordinates(text):
    lines = re.findall(r'<polyline points="([^"]*)"', text)
    return [[tuple(map(float, pair.split(","))) for pair in line.split()] for line in lines]


def test_a_curve_goes_from_the_left_to_the_right_and_up_on_paper_where_its_values_do():
    (line,) = coordinates(draw(Chart("Z", [Curve("best", "best", [(0, 1.0), (10, 3.0)])])))
    (x_0, y_0), (x_1, y_1) = line
    assert (x_0, x_1) == (charts.LEFT, charts.WIDTH - charts.RIGHT)
    assert charts.TOP <= y_1 < y_0 < charts.HEIGHT - charts.BOTTOM


def test_a_curve_of_one_value_and_one_of_none_are_drawn():
    flat = draw(Chart("Z", [Curve("", "best", [(0, 5.0), (9, 5.0)])], from_zero=False))
    assert len({y for _, y in coordinates(flat)[0]}) == 1
    assert draw(Chart("Z", [Curve("", "best", [])])) == "<figure></figure>"


def test_long_curves_are_thinned_and_keep_their_ends():
    points = [(float(i), float(i)) for i in range(100_000)]
    (line,) = coordinates(draw(Chart("Z", [Curve("", "best", points)])))
    assert len(line) <= charts.MOST + 1
    assert line[0][0] == charts.LEFT and line[-1][0] == charts.WIDTH - charts.RIGHT


def test_names_of_lines_that_end_together_do_not_cover_each_other():
    curves = [Curve(f"C{i}", f"stage-{i}", [(0, 0.0), (1, 1e-3 * i)]) for i in range(1, 6)]
    text = draw(Chart("parts", [*curves, Curve("top", "best", [(0, 0.0), (1, 9.0)])]))
    places = sorted(float(y) for y in re.findall(r'y="([\d.]+)" class="name', text))
    assert len(places) == 6
    assert min(b - a for a, b in pairwise(places)) >= charts.LINE - 0.01
    assert places[-1] <= charts.HEIGHT
