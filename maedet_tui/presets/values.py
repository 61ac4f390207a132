"""What values of a preset's keys have to keep to beyond their types.

Each lets pass what it is given, or raises ValueError with what is wrong and what to write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import PydanticKnownError

from engine.blocks import KINDS
from engine.formats.rows import closest, shown
from engine.settings import AUTO, DEVICES, OTHER_DEVICES
from engine.structure import LEVELS
from maedet_tui.formatting import printable
from maedet_tui.presets.quantities import parse_image_size

#: a sum weighted with more would leave the range of numbers
MOST_ALPHA = 1e12
#: side of the entropy's input image
MOST_RESOLUTION = 4096


def one_of(options: tuple[str, ...]) -> Callable[[Any], Any]:
    """Lets a value pass that is one of the options."""

    def check(value: Any) -> Any:
        if not isinstance(value, str) or value not in options:
            raise PydanticKnownError("literal_error", {"expected": ", ".join(options)})
        return value

    return check


def or_auto(value: Any, whole: Callable[[Any], int]) -> Any:
    """Lets "auto" pass in place of a whole number."""
    if isinstance(value, str) and value != AUTO:
        raise ValueError("is not a whole number; write one such as 256, or auto")
    return value if value == AUTO else whole(value)


def image_size(value: Any) -> tuple[int, int]:
    """A pair of sides, as written in a preset."""
    # a default is a pair already; a file can only hold text here
    return value if isinstance(value, tuple) else parse_image_size(value)


def alphas(values: list[float]) -> list[float]:
    """Weights of C1-C5."""
    if len(values) != len(LEVELS):
        raise ValueError(
            f"has {len(values)} numbers, but must have {len(LEVELS)}, one each for C1-C5, "
            "such as [0, 0, 1, 1, 6]"
        )
    if any(value < 0 for value in values):
        raise ValueError("must not have negative numbers; write 0 for a level that does not count")
    if not any(values):
        raise ValueError("is zero throughout; give at least one level a weight above 0")
    if max(values) > MOST_ALPHA:
        raise ValueError(f"must not have numbers above {MOST_ALPHA:g}; only their ratios matter")
    return values


def resolution(value: int) -> int:
    """Side of the entropy's input image."""
    if value > MOST_RESOLUTION:
        raise ValueError(f"is {shown(value)}, but must be at most {MOST_RESOLUTION}")
    if value < 64 or value % 32:
        near = max(64, round(value / 32) * 32)
        raise ValueError(
            f"is {shown(value)}, but must be a multiple of 32 and at least 64; write {near}"
        )
    return value


def kernels(values: list[int]) -> list[int]:
    """Sides of kernels to choose from."""
    if not values:
        raise ValueError("is empty; write the kernel sides to choose from, such as [3, 5]")
    if any(value < 1 or value > 31 or value % 2 == 0 for value in values):
        raise ValueError("must hold odd sides from 1 to 31, such as [3, 5]")
    if len(set(values)) != len(values):
        raise ValueError("names a side twice; write each once")
    return values


def choices(values: list[int]) -> list[int]:
    """Expansion ratios to choose from."""
    if not values or any(value < 1 or value > 100 for value in values):
        raise ValueError("must hold whole numbers from 1 to 100, such as [1, 3, 6]")
    if len(set(values)) != len(values):
        raise ValueError("names a number twice; write each once")
    return values


def blocks(values: list[str]) -> list[str]:
    """Kinds of blocks to choose from."""
    # a mutation may turn into one another the kinds with a depth
    kinds = [name for name, kind in KINDS.items() if "depth" in kind.fields]
    if not values:
        raise ValueError(f"is empty; write the kinds of blocks to choose from: {', '.join(kinds)}")
    for value in values:
        if value not in kinds:
            raise ValueError(f"has {shown(value)}; {closest(value, kinds)}")
    if len(set(values)) != len(values):
        raise ValueError("names a kind twice; write each once")
    return values


def ratio(values: list[float | None]) -> list[float | None]:
    """Least and largest bottleneck over output."""
    if len(values) != 2:
        raise ValueError("must be two numbers, the least and the largest, such as [0.1, 1]")
    low, high = values[0] or 0.0, values[1]
    if low < 0 or (high is not None and (high <= 0 or high < low)):
        raise ValueError("must rise from the least to the largest, such as [0.1, 1]")
    return values


def text(value: str) -> str:
    """Words that a terminal may show."""
    if printable(value) != value:
        raise ValueError("holds control characters, which a terminal would obey; delete them")
    return value


def device(value: Any) -> Any:
    """Where passes run."""
    if isinstance(value, str) and value in OTHER_DEVICES:
        choice = ", ".join(DEVICES)
        raise ValueError(f"is {value!r}; {OTHER_DEVICES[value]}: use one of {choice}")
    return one_of(DEVICES)(value)


def width_range(values: list[int | None]) -> list[int | None]:
    """Least and largest width of a stage."""
    if len(values) != 2:
        raise ValueError("must be two widths, the least and the largest, such as [64, 256]")
    low, high = values[0] or 0, values[1]
    if low < 0 or (high is not None and (high < 1 or high < low)):
        raise ValueError("must rise from the least to the largest, such as [64, 256]")
    return values
