"""Which widths the limits of a space leave: multiples of its step, up to its largest one,
and for a bottleneck within its share of the output's width."""

from __future__ import annotations

from math import ceil, floor

from engine.settings import Space

#: of a share that a width meets exactly, such as 0.3 * 40, whatever its rounding
ROUNDING = 1e-9


def bottlenecks(space: Space, out: int) -> tuple[int, int] | None:
    """The least and the largest bottleneck beside an output of `out` channels, None if the
    space allows none."""
    step, (low, high) = space.width_step, space.bottleneck_ratio
    least = max(1, ceil(low * out / step - ROUNDING))
    most = floor(min(high * out, space.max_width) / step + ROUNDING)
    return (least * step, most * step) if least <= most else None


def bottleneck_near(space: Space, out: int, wished: int) -> int | None:
    """The bottleneck nearest to a wish beside an output of `out` channels; None if the
    space allows none."""
    limits = bottlenecks(space, out)
    if limits is None:
        return None
    return max(limits[0], min(limits[1], round(wished / space.width_step) * space.width_step))


def outputs_with_bottleneck(space: Space) -> list[int]:
    """Every width of an output beside which the space allows a bottleneck, ascending."""
    widths = range(space.width_step, space.max_width + 1, space.width_step)
    return [out for out in widths if bottlenecks(space, out) is not None]
