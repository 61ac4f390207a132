"""Quantities as people write them: 91G, 25.8M, 1280x800."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.formats.rows import shown

#: what is sensible at most: MAE-DET-L has 153G FLOPs and 44M params, the largest machines
#: some terabytes; a batch that takes longer is no detector's
MOST_FLOPS, MOST_PARAMS, MOST_MEMORY = 10**14, 10**12, 10**14
MOST_SECONDS = 1000.0

_FACTORS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_QUANTITY = re.compile(
    r"([0-9][0-9_]{0,29}(?:\.[0-9]{1,20})?)(?:[eE]\+?([0-9]{1,2}))?\s*([kKmMgGtT]?)"
)
_SECONDS = {"us": Decimal("1e-6"), "ms": Decimal("1e-3"), "s": Decimal(1)}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(us|ms|s)")
_SPANS = {"s": Decimal(1), "min": Decimal(60), "h": Decimal(3600)}
_SPAN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(s|min|h)")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)\s*%")
_IMAGE_SIZE = re.compile(r"([0-9]{1,6})\s*[xX×]\s*([0-9]{1,6})")


def parse_quantity(value: Any) -> int:
    """A whole number out of 91G, 25.8M, 2e9 or a plain number.

    Raises ValueError with what to write.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    match = _QUANTITY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match:
        digits, exponent, suffix = match.groups()
        number = Fraction(digits.replace("_", "")) * 10 ** int(exponent or 0)
        number *= _FACTORS[suffix.upper()]
        if number.denominator == 1:
            return int(number)
    raise ValueError("is not a quantity; write a whole number such as 91G, 25.8M or 1500000")


def parse_quantity_to(most: int, value: Any) -> int:
    """A quantity that is at most so much. Raises ValueError with what to write."""
    quantity = parse_quantity(value)
    if quantity > most:
        raise ValueError(f"is {shown(value)}, but must be at most {format_quantity(most)}")
    return quantity


def format_quantity(value: int) -> str | int:
    """The shortest exact way to write a quantity: 91G, 25.8M, or the number itself."""
    for suffix in ("T", "G", "M", "K"):
        scaled = Decimal(value) / _FACTORS[suffix]
        if 1 <= scaled < 1000 and scaled == round(scaled, 3):
            return f"{scaled.normalize():f}{suffix}"
    return value


def parse_duration(value: Any) -> float:
    """Seconds out of 25ms, 800us or 0.5s.

    Raises ValueError with what to write.
    """
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match or not float(match[1]):
        raise ValueError("is not a latency; write a time such as 25ms or 0.5s")
    seconds = float(Decimal(match[1]) * _SECONDS[match[2]])
    if seconds > MOST_SECONDS:
        raise ValueError(f"is {value}, but must be at most {MOST_SECONDS:g}s; write such as 25ms")
    return seconds


def format_duration(seconds: float) -> str:
    """Milliseconds, such as 25ms, that read back as the same number of seconds."""
    return f"{(Decimal(repr(seconds)) * 1000).normalize():f}ms"


def parse_span(value: Any) -> float:
    """Seconds out of 30s, 10min or 2h. Raises ValueError with what to write."""
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match or not float(match[1]):
        raise ValueError("is not a span of time; write one such as 30s, 10min or 2h")
    return float(Decimal(match[1]) * _SPANS[match[2]])


def format_span(seconds: float) -> str:
    """Seconds, such as 90s, that read back as the same number."""
    return f"{Decimal(repr(seconds)).normalize():f}s"


def parse_percent(value: Any) -> float:
    """A share below 1 out of 0.05%. Raises ValueError with what to write."""
    match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError("is not a percentage; write one with its sign such as 0.05%")
    share = float(Decimal(match[1]) / 100)
    if share >= 1:
        raise ValueError(f"is {value}, but must be below 100%; write one such as 0.05%")
    return share


def format_percent(share: float) -> str:
    """A percentage, such as 0.05%, that reads back as the same share."""
    return f"{(Decimal(repr(share)) * 100).normalize():f}%"


def parse_image_size(value: Any) -> tuple[int, int]:
    """(height, width) out of WIDTHxHEIGHT, the order in which people write it.

    Raises ValueError with what to write.
    """
    match = _IMAGE_SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        raise ValueError("is not an image size; write WIDTHxHEIGHT such as 1280x800")
    width, height = int(match[1]), int(match[2])
    if not (32 <= width <= 16384 and 32 <= height <= 16384):
        raise ValueError("must have sides from 32 to 16384; write WIDTHxHEIGHT such as 1280x800")
    return height, width


def format_image_size(size: tuple[int, int]) -> str:
    """WIDTHxHEIGHT of a (height, width)."""
    return f"{size[1]}x{size[0]}"
