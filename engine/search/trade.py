"""Trades: what a mutation costs beyond the budget, another block gives.

At the edge of a budget hardly any single change of Algorithm 2 fits, and those that do
are small. A trade lets such a change pass: in coarse mutation it moves depth from one
block to another, in fine mutation it cuts one other width to what the budget leaves room
for. The paper has no such move; `trade` in a preset is the share of children that get one.

Factors of Appendix A move a width by a fifth at least, so that in fine mutation every second width
that gets a trade goes by a few steps of the space instead: 80 is out of reach of 72 otherwise.
Where units have expansions, depth and expansion compete for the same FLOPs: there a change of the
skeleton that costs too much has another width cut in coarse mutation too.

Balancing goes both ways, and on from the start: another width is cut in coarse mutation too,
and widened where a child leaves some of the budget. So a change of kernel, expansion or depth is
judged at the full budget, and a short search finds out which depths are best. In a long one
with a large population, cutting widths early ends with widths in place of depth.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from engine.blocks import KINDS, layers_of_unit
from engine.costs import Cost
from engine.search.fitting import WIDTHS, At, Fitting, widths_of
from engine.search.mutation import Mutation, Mutator, replaced
from engine.settings import Budget, Space
from engine.structure import Block, Structure, level_name

#: of the widths that get a trade in fine mutation, those that go by steps: their share, and by how
#: many
SMALL, STEPS = 0.5, (-3, -2, -1, 1, 2, 3)


class Trader:
    """Changes one more number of a mutated structure so that it just keeps to its budgets of
    layers, FLOPs and params.

    balance: widths are cut in coarse mutation too, and widened within the budget.
    """

    def __init__(self, space: Space, budget: Budget, mutator: Mutator, balance: bool = False):
        self._space = space
        self._budget = budget
        self._mutator = mutator
        self._fitting = Fitting(space, budget)
        self._balance = balance and (budget.flops is not None or budget.params is not None)
        self._expanding = len(space.expansions) > 1 and any(
            "expansion" in KINDS[kind].mutable for kind in space.blocks
        )

    def trade(self, mutation: Mutation, rng: Random, fine: bool) -> Mutation:
        """The mutation with a trade on top; the same one where there is nothing to trade.

        A depth gives way to layers in coarse mutation, a width to FLOPs and params in fine,
        or in both. A child that exceeds a budget all the same is the caller's to refuse.
        """
        if fine and not self._balance:
            mutation = self._by_steps(mutation, rng)
        cost = self._fitting.cost(mutation.structure.blocks)
        most = self._budget.layers
        if not fine and most is not None and cost.layers > most:
            mutation = self._shallower(mutation, cost.layers - most, rng)
            if not self._balance and not self._expanding:
                return mutation
            cost = self._fitting.cost(mutation.structure.blocks)
            if cost.layers > most:
                return mutation
        if not fine and not self._balance and (not self._expanding or mutation.field in WIDTHS):
            return mutation
        if not fine and self._balance and most is not None and mutation.field != "depth":
            mutation = self._deeper(mutation, most - cost.layers, rng)
            cost = self._fitting.cost(mutation.structure.blocks)
        if not self._fitting.within(cost):
            return self._refitted(mutation, cost, rng, self._fitting.narrower)
        if self._balance:
            return self._refitted(mutation, cost, rng, self._fitting.wider)
        return mutation

    def _by_steps(self, mutation: Mutation, rng: Random) -> Mutation:
        """The mutation, or one of the same width by a few steps."""
        index, field, before = mutation.position, mutation.field, mutation.before
        if field not in WIDTHS or mutation.earlier is not None or rng.random() >= SMALL:
            return mutation
        assert isinstance(before, int)  # as widths are
        step = self._space.width_step
        width = before + STEPS[int(rng.random() * len(STEPS))] * step
        if not step <= width <= self._space.max_width:
            return mutation
        blocks = self._mutator.resized(mutation.structure.blocks, index, field, width)
        return mutation._replace(structure=Structure(blocks), after=getattr(blocks[index], field))

    def _shallower(self, mutation: Mutation, excess: int, rng: Random) -> Mutation:
        """Another block without as many units as there are layers too many."""
        blocks = mutation.structure.blocks
        choices = []
        for index, block in enumerate(blocks):
            if index == mutation.position or "depth" not in KINDS[block.kind].mutable:
                continue
            depth = block.depth - -(-excess // layers_of_unit(block.kind, block.expansion))
            if depth >= 1:
                choices.append((index, depth))
        if not choices:
            return mutation
        index, depth = choices[int(rng.random() * len(choices))]
        changed = replaced(blocks, index, blocks[index]._replace(depth=depth))
        return _on_top(mutation, changed, index, "depth")

    def _deeper(self, mutation: Mutation, room: int, rng: Random) -> Mutation:
        """One block with as many more units as there is room for in its stage and in layers."""
        blocks = mutation.structure.blocks
        choices = []
        for index, block in enumerate(blocks):
            if "depth" in KINDS[block.kind].mutable:
                left = self._mutator.depth_left(blocks, index)
                units = min(left, room // layers_of_unit(block.kind, block.expansion))
                if units > 0:
                    choices.append((index, block.depth + units))
        if not choices:
            return mutation
        index, depth = choices[int(rng.random() * len(choices))]
        return _on_top(mutation, self._mutator.deepened(blocks, index, depth), index, "depth")

    def _refitted(
        self,
        mutation: Mutation,
        cost: Cost,
        rng: Random,
        fit: Callable[[At, int, Cost], int | None],
    ) -> Mutation:
        """Another width at what FLOPs and params leave room for."""
        blocks = mutation.structure.blocks
        places = [
            place for place in widths_of(blocks) if place != (mutation.position, mutation.field)
        ]
        if not places:
            return mutation
        index, field = places[int(rng.random() * len(places))]

        def at(width: int) -> tuple[Block, ...]:
            return self._mutator.resized(blocks, index, field, width)

        after = fit(at, getattr(blocks[index], field), cost)
        return mutation if after is None else _on_top(mutation, at(after), index, field)


def _on_top(mutation: Mutation, blocks: tuple[Block, ...], index: int, field: str) -> Mutation:
    before = getattr(mutation.structure.blocks[index], field)
    after = getattr(blocks[index], field)
    level = level_name(blocks, index)
    return Mutation(Structure(blocks), level, index, field, before, after, mutation)
