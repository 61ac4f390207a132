"""Which part of a search a plot shows: all of it, the newest, or somewhere in between."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from engine.snapshot import Point

#: iterations that a plot shows at least
CLOSEST = 20
_ITERATION = attrgetter("iteration")


def x_end(iteration: int, iterations: int) -> int:
    """Right end of the x axis: T halved as long as what has been done still fits.

    A long search is legible from its first minutes, and the axis moves only
    when the curves reach its end.
    """
    end = max(iterations, 1)
    while end > 200 and end // 2 >= iteration:
        end //= 2
    return end


@dataclass(frozen=True)
class Window:
    """span: iterations on show, None for all. right: its right end, None for the newest."""

    span: float | None = None
    right: float | None = None

    def bounds(self, now: int, iterations: int) -> tuple[float, float]:
        """The ends of the x axis at iteration `now` of a search of `iterations`."""
        if self.span is None:
            return 0.0, float(x_end(now, iterations))
        right = max(self.right if self.right is not None else float(now), self.span)
        return right - self.span, right

    def zoomed(self, factor: float, around: float | None, now: int, iterations: int) -> Window:
        """Closer by `factor`; what is at `around` stays where it is, else the newest does."""
        start, end = self.bounds(now, iterations)
        whole = float(x_end(now, iterations))
        span = max((end - start) / factor, min(CLOSEST, whole))
        if span >= whole:
            return WHOLE
        if around is None:
            return Window(span, self.right)
        right = around + (end - around) / (end - start) * span
        return Window(span, min(max(right, span), whole))

    def moved(self, x: float, now: int, iterations: int) -> Window:
        """As far to the side as it takes to have x on show."""
        start, end = self.bounds(now, iterations)
        if self.span is None or start <= x <= end:
            return self
        return Window(self.span, x + self.span if x < start else x)

    def held(self, now: int, iterations: int) -> Window:
        """The same part of the search, whatever comes."""
        return self if self.span is None else Window(self.span, self.bounds(now, iterations)[1])


#: all of a search
WHOLE = Window()


def thinned(history: Sequence[Point], start: float, end: float, most: int) -> list[Point]:
    """At most about `most` points that show what a history was between start and end.

    The first is the one that held at the start. Takes time that grows with `most`, and
    hardly with the length of the history.
    """
    first = max(bisect_right(history, start, key=_ITERATION) - 1, 0)
    last = bisect_right(history, end, key=_ITERATION)
    if last - first <= most:
        return list(history[first:last])
    step = (end - start) / most
    places = {
        bisect_left(history, start + step * (i + 1), first, last, key=_ITERATION) - 1
        for i in range(most)
    }
    return [history[i] for i in sorted({first, *places, last - 1}) if i >= first]
