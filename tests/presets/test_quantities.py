"""Quantities as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maedet_tui.presets.quantities import (
    format_duration,
    format_image_size,
    format_quantity,
    parse_duration,
    parse_image_size,
    parse_quantity,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("91G", 91 * 10**9),
        ("25.8M", 25_800_000),
        ("2 G", 2 * 10**9),
        ("1.5k", 1500),
        ("2g", 2 * 10**9),
        ("2T", 2 * 10**12),
        ("1_000", 1000),
        ("91e9", 91 * 10**9),
        (7, 7),
        (2.5e9, 2_500_000_000),
    ],
)
def test_quantities(text, value):
    assert parse_quantity(text) == value


@pytest.mark.parametrize(
    "bad",
    ["", "G", "91X", "-1G", "1.5", "91GB", "1,000", "1e999", True, None, 1.5, [1], "٣G", "nan"],
)
def test_what_is_no_quantity_is_refused_with_an_example(bad):
    with pytest.raises(ValueError, match="91G"):
        parse_quantity(bad)


@given(st.integers(0, 10**18))
def test_a_written_quantity_is_exact(value):
    assert parse_quantity(format_quantity(value)) == value


def test_written_quantities_are_short():
    assert format_quantity(91_000_000_000) == "91G"
    assert format_quantity(25_800_000) == "25.8M"
    assert format_quantity(25_843_536) == 25_843_536


def test_image_sizes_are_written_width_first_and_kept_height_first():
    assert parse_image_size("1280x800") == parse_image_size("1280 × 800") == (800, 1280)
    assert format_image_size((800, 1280)) == "1280x800"


@pytest.mark.parametrize("bad", ["1280", "1280x", "0x800", "16x16", "99999x800", 1280, [1280, 800]])
def test_bad_image_sizes(bad):
    with pytest.raises(ValueError, match="1280x800"):
        parse_image_size(bad)


@pytest.mark.parametrize(
    ("text", "seconds"), [("25ms", 0.025), ("0.5s", 0.5), ("800 us", 8e-4), ("33.3ms", 0.0333)]
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize("text", ["25", "ms", "-1ms", "25 min", "1e3ms", 25, None, "0s"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="such as 25ms"):
        parse_duration(text)
