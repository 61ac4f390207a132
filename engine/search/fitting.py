"""How wide a block of a structure may be: up to where FLOPs and params are used up."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

from engine.blocks import KINDS
from engine.costs import Cost, total_cost
from engine.settings import Budget, Space
from engine.structure import Block, Structure

WIDTHS = ("out_channels", "bottleneck")
#: widths tried before the best of them is taken
MOST_GUESSES = 5

#: the blocks with a width in place of the one that they have
At = Callable[[int], tuple[Block, ...]]


def widths_of(blocks: tuple[Block, ...]) -> list[tuple[int, str]]:
    """Every width that can change, as (position of the block, field of `Block`)."""
    return [
        (index, field)
        for index, block in enumerate(blocks)
        for field in WIDTHS
        if field in KINDS[block.kind].mutable
    ]


class Fitting:
    """Finds widths within a budget's FLOPs and params."""

    def __init__(self, space: Space, budget: Budget):
        self._space = space
        self._budget = budget
        self._limits = [
            (field, limit)
            for field, limit in (("flops", budget.flops), ("params", budget.params))
            if limit is not None
        ]

    def cost(self, blocks: tuple[Block, ...]) -> Cost:
        """What the blocks cost at the budget's image size."""
        return total_cost(Structure(blocks), self._budget.image_size)

    def within(self, cost: Cost) -> bool:
        """Whether a cost keeps to FLOPs and params."""
        return all(getattr(cost, field) <= limit for field, limit in self._limits)

    def narrower(self, at: At, width: int, cost: Cost) -> int | None:
        """The largest width below a present one within FLOPs and params that was found, None if
        none was. cost: at the present width."""
        step = self._space.width_step
        guess = max(step, width // 2 // step * step)
        if guess == width:
            guess = min(self._space.max_width, 2 * width)
        costs = self._tried(at, width, cost, guess)
        # a wider one may cost less where a projection goes with it, but that is no cut
        fitting = [w for w, c in costs.items() if w < width and self.within(c)]
        return max(fitting, default=None)

    def wider(self, at: At, width: int, cost: Cost) -> int | None:
        """The largest width above a present one likewise."""
        step, most = self._space.width_step, self._space.max_width
        guess = min(most, width + max(step, width // 4 // step * step))
        costs = self._tried(at, width, cost, guess)
        fitting = [w for w, c in costs.items() if w > width and self.within(c)]
        return max(fitting, default=None)

    def _tried(self, at: At, width: int, cost: Cost, guess: int) -> dict[int, Cost]:
        """Widths nearer and nearer to the largest that fits, and their costs.

        Costs are of second degree in a width at most, unless a bottleneck follows its
        output: each new point brings the parabola through the last three nearer.
        """
        step, most = self._space.width_step, self._space.max_width
        costs = {width: cost}
        for _ in range(MOST_GUESSES):
            if guess in costs:
                break
            costs[guess] = self.cost(at(guess))
            points = list(costs.items())[-3:]
            room = min(
                _root([(w, getattr(c, field)) for w, c in points], limit)
                for field, limit in self._limits
            )
            guess = max(step, min(most, int(room // step) * step))
        return costs


def _root(points: list[tuple[int, int]], limit: int) -> float:
    """Where the parabola, or line, through three or two points rises to the limit; 0 where
    it lies above."""
    (x0, y0), (x1, y1) = points[:2]
    slope, bend = (y1 - y0) / (x1 - x0), 0.0
    if len(points) == 3:
        x2, y2 = points[2]
        bend = ((y2 - y1) / (x2 - x1) - slope) / (x2 - x0)
    if abs(bend) * x0 * x0 < 1e-9 * y0:
        return x0 + (limit - y0) / slope if slope > 0 else 0.0
    # y = y0 + slope (x - x0) + bend (x - x0) (x - x1)
    b = slope - bend * (x0 + x1)
    c = y0 - slope * x0 + bend * x0 * x1 - limit
    inside = b * b - 4 * bend * c
    return (sqrt(inside) - b) / (2 * bend) if inside >= 0 else 0.0
