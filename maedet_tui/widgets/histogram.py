"""Bars side by side: how values are distributed, in a few rows of characters."""

from __future__ import annotations

from collections.abc import Sequence

from maedet_tui.widgets.glyphs import Glyphs


def binned(values: Sequence[float], bins: int, low: float, high: float) -> list[int]:
    """How many of the values fall into each of `bins` equal parts from low to high."""
    counts = [0] * bins
    scale = bins / (high - low) if high > low else 0.0
    for value in values:
        counts[min(max(int((value - low) * scale), 0), bins - 1)] += 1
    return counts


def bars(counts: Sequence[int], rows: int, glyphs: Glyphs) -> list[str]:
    """The counts as `rows` lines, the highest as high as all of them; any that is not
    nothing can be seen."""
    most, full = max(counts, default=0), len(glyphs.heights) - 1
    if not most:
        return [" " * len(counts)] * rows
    heights = [max(round(count / most * rows * full), 1) if count else 0 for count in counts]
    return [
        "".join(glyphs.heights[min(max(height - row * full, 0), full)] for height in heights)
        for row in range(rows - 1, -1, -1)
    ]


def between(left: str, middle: str, right: str, width: int) -> str:
    """The ends of an axis with its name between them, where that fits."""
    space = width - len(left) - len(right)
    return (
        f"{left}{middle.center(space) if len(middle) + 2 <= space else ' ' * max(space, 1)}{right}"
    )
