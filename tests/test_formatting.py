"""Quantities in print."""

import pytest

from engine.structure import Block
from maedet_tui import formatting


@pytest.mark.parametrize(
    ("value", "text"),
    [(89_930_000_000, "89.9G"), (25_779_520, "25.8M"), (1_728, "1.7K"), (12, "12"), (0, "0"),
     (999_960, "1.0M"), (152.9e9, "152.9G"), (2.5e12, "2.5T")],
)  # fmt: skip
def test_quantity(value, text):
    assert formatting.quantity(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(91e9, "91G"), (12_500, "12.5K"), (0.5, "0.5"), (0, "0"), (91, "91")]
)
def test_short_quantity(value, text):
    assert formatting.short_quantity(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0, "0.0 s"), (4.24, "4.2 s"), (9.96, "10 s"), (59.6, "1 min 00 s"),
     (65, "1 min 05 s"), (7380, "2 h 03 min"), (273_600, "3 d 04 h"), (-1, "0.0 s")],
)  # fmt: skip
def test_duration(seconds, text):
    assert formatting.duration(seconds) == text


@pytest.mark.parametrize(
    ("rate", "text"), [(19_842.3, "19,842/s"), (9.31, "9.3/s"), (0.423, "0.42/s"), (0, "0/s")]
)
def test_rate(rate, text):
    assert formatting.rate(rate) == text


def test_percent():
    assert formatting.percent(1, 8) == "12.5 %"
    assert formatting.percent(0, 0) == "-"


def test_score_and_count():
    assert formatting.score(2283.674) == "2,283.67"
    assert formatting.count(96_000) == "96,000"


@pytest.mark.parametrize(
    ("block", "layers", "inside"),
    [
        (Block("Conv", 3, 3, 64, 2), "1", "-"),
        (Block("ResBlock", 5, 120, 512, 2, 72, 10), "5", "72"),
        (Block("ResBlock", 5, 120, 512, 2, 72, 5), "2.5", "72"),
        (Block("InvertedBlock", 3, 16, 24, 2, 0, 2, expansion=6), "2", "x6"),
        (Block("InvertedBlock", 3, 16, 24, 2, 0, 2, expansion=6, se=4), "2", "x6 se4"),
    ],
)
def test_blocks(block, layers, inside):
    assert formatting.paper_layers(block) == layers
    assert formatting.inside(block) == inside


def test_image_size_is_width_first():
    assert formatting.image_size((800, 1280)) == "1280x800"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.9, "now"), (12.7, "12 s"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h"),
     (86_399, "23 h"), (4 * 86_400, "4 d")],
)  # fmt: skip
def test_age(seconds, text):
    assert formatting.age(seconds) == text
