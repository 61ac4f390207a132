"""Trades: what a mutation costs beyond the budget, another block gives.

At the edge of a budget hardly any single change of Algorithm 2 fits, and those that do
are small. A trade lets such a change pass: in coarse mutation it moves depth from one
block to another, in fine mutation it cuts one other width to what the budget leaves room
for. (Cutting widths while depths are still sought ends early, with widths in place of
depth.) The paper has no such move; `trade` in a preset is the share of children over a
budget that get one.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from random import Random

from engine.blocks import KINDS, units
from engine.costs import Cost, total_cost
from engine.search.mutation import Mutation, Mutator, replaced
from engine.settings import Budget, Space
from engine.structure import Block, Structure, level_name

WIDTHS = ("out_channels", "bottleneck")
#: widths tried before the best of them is taken
MOST_GUESSES = 5


class Trader:
    """Cuts one more number of a mutated structure so that it just keeps to its budgets of
    layers, FLOPs and params."""

    def __init__(self, space: Space, budget: Budget, mutator: Mutator):
        self._space = space
        self._budget = budget
        self._mutator = mutator
        self._limits = [
            (field, limit)
            for field, limit in (("flops", budget.flops), ("params", budget.params))
            if limit is not None
        ]

    def trade(self, mutation: Mutation, rng: Random, fine: bool) -> Mutation:
        """The mutation with a trade on top; the same one within the budgets.

        A depth gives way to layers in coarse mutation, a width to FLOPs and params in fine.
        A child that exceeds a budget all the same is the caller's to refuse.
        """
        cost = self._cost(mutation.structure.blocks)
        if fine:
            return mutation if self._within(cost) else self._narrower(mutation, cost, rng)
        most = self._budget.layers
        if most is None or cost.layers <= most:
            return mutation
        return self._shallower(mutation, cost.layers - most, rng)

    def _shallower(self, mutation: Mutation, excess: int, rng: Random) -> Mutation:
        """Another block without as many units as there are layers too many."""
        blocks = mutation.structure.blocks
        choices = []
        for index, block in enumerate(blocks):
            if index == mutation.position or "depth" not in KINDS[block.kind].mutable:
                continue
            depth = block.depth - -(-excess // _layers_of_unit(block))
            if depth >= 1:
                choices.append((index, depth))
        if not choices:
            return mutation
        index, depth = choices[int(rng.random() * len(choices))]
        changed = replaced(blocks, index, blocks[index]._replace(depth=depth))
        return _on_top(mutation, changed, index, "depth")

    def _narrower(self, mutation: Mutation, cost: Cost, rng: Random) -> Mutation:
        """Another width cut to what FLOPs and params leave room for."""
        blocks = mutation.structure.blocks
        changed_before = (mutation.position, mutation.field)
        places = [
            (index, field)
            for index, block in enumerate(blocks)
            for field in WIDTHS
            if field in KINDS[block.kind].mutable and (index, field) != changed_before
        ]
        if not places:
            return mutation
        index, field = places[int(rng.random() * len(places))]
        before = getattr(blocks[index], field)

        def at(width: int) -> tuple[Block, ...]:
            return self._mutator.resized(blocks, index, field, width)

        after = self._largest(at, before, cost)
        if after is None:
            return mutation
        return _on_top(mutation, at(after), index, field)

    def _largest(
        self, at: Callable[[int], tuple[Block, ...]], width: int, cost: Cost
    ) -> int | None:
        """The largest width within FLOPs and params that was found, None if none was.

        Costs are of second degree in a width at most, unless a bottleneck follows its
        output: each new point brings the parabola through the last three nearer.
        """
        step, most = self._space.width_step, self._space.max_width
        costs = {width: cost}
        guess = max(step, width // 2 // step * step)
        if guess == width:
            guess = min(most, 2 * width)
        for _ in range(MOST_GUESSES):
            if guess in costs:
                break
            costs[guess] = self._cost(at(guess))
            points = list(costs.items())[-3:]
            room = min(
                _root([(w, getattr(c, field)) for w, c in points], limit)
                for field, limit in self._limits
            )
            guess = max(step, min(most, int(room // step) * step))
        # a wider one may cost less where a projection goes with it, but that is no cut
        fitting = [w for w, c in costs.items() if w < width and self._within(c)]
        return max(fitting, default=None)

    def _cost(self, blocks: tuple[Block, ...]) -> Cost:
        return total_cost(Structure(blocks), self._budget.image_size)

    def _within(self, cost: Cost) -> bool:
        return all(getattr(cost, field) <= limit for field, limit in self._limits)


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


def _layers_of_unit(block: Block) -> int:
    """Convolutions on the main path of what `depth` counts."""
    unit, _ = units(block)[-1]
    return sum(layer.op == "conv" for layer in unit.main)


def _on_top(mutation: Mutation, blocks: tuple[Block, ...], index: int, field: str) -> Mutation:
    before = getattr(mutation.structure.blocks[index], field)
    after = getattr(blocks[index], field)
    level = level_name(blocks, index)
    return Mutation(Structure(blocks), level, index, field, before, after, mutation)
