"""Nodes of the branch and bound: boxes of whole widths of a skeleton, and their bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.costs import total_cost
from engine.optimum.boxes import Bools, keeps, propagated
from engine.optimum.interior import bounds
from engine.optimum.links import Links
from engine.optimum.program import Program
from engine.optimum.readings import reading_of
from engine.optimum.skeletons import Skeletons
from engine.optimum.space import Floats, Ints, Limits, structure_of
from engine.search.rules import Widths, map_memory
from engine.settings import Preset, Space
from engine.structure import Structure

#: beyond a budget by less than this share, whole numbers decide
CLOSE = 1e-9


@dataclass(slots=True)
class Nodes:
    """Some boxes of skeletons of one group.

    rows: of the skeletons, (N,). lower, upper: least and largest widths, in steps,
    (variables, N). x: logarithms of the widths at which the relaxation is best, (variables, N).
    """

    group: Group
    rows: Ints
    lower: Ints
    upper: Ints
    x: Floats

    def take(self, which: Ints) -> Nodes:
        """Some of the nodes."""
        return Nodes(
            self.group, self.rows[which], self.lower[:, which], self.upper[:, which],
            self.x[:, which],
        )  # fmt: skip

    def at(self, x: Floats) -> Nodes:
        """The nodes with these points."""
        return Nodes(self.group, self.rows, self.lower, self.upper, x)

    @staticmethod
    def gathered(nodes: list[tuple[Nodes, int]]) -> Nodes:
        """The nodes at these places of others, which are of one group."""
        return Nodes(
            nodes[0][0].group,
            np.array([one.rows[place] for one, place in nodes]),
            np.stack([one.lower[:, place] for one, place in nodes], axis=1),
            np.stack([one.upper[:, place] for one, place in nodes], axis=1),
            np.stack([one.x[:, place] for one, place in nodes], axis=1),
        )


class Relaxed(NamedTuple):
    """Nodes with their bounds, (N,), where those are found, and the budgets' multipliers."""

    nodes: Nodes
    bound: Floats
    x: Floats
    multipliers: Floats


class Group:
    """The skeletons of one layout, and what bounds them."""

    def __init__(self, preset: Preset, skeletons: Skeletons, limits: Limits | None):
        self.skeletons, self.limits = skeletons, limits
        self.reading = reading_of(preset.objective, skeletons)
        self.step = preset.space.width_step
        self.most = preset.space.max_width // self.step
        self.links = Links(skeletons.links, preset.space)
        self.narrowest, self.widest = _ranges(preset.space, skeletons)
        self._memory = preset.budget.memory
        self._least_costs = [
            (name, limit)
            for name, limit in (
                ("flops", preset.budget.flops_min),
                ("params", preset.budget.params_min),
            )
            if limit is not None
        ]
        self._image_size = preset.budget.image_size
        self._image = preset.initial.blocks[0].in_channels

    def roots(self, which: Ints) -> Nodes:
        """Whole skeletons."""
        shape = (self.skeletons.widths.size, len(which))
        lower = np.repeat(self.narrowest[:, None], len(which), axis=1)
        upper = np.repeat(self.widest[:, None], len(which), axis=1)
        for inside, has in self.skeletons.has_inside(which).items():
            upper[inside] = np.where(has, upper[inside], 1)
        return self._without_empty(Nodes(self, which, lower, upper, np.zeros(shape)))

    def _without_empty(self, nodes: Nodes) -> Nodes:
        """The nodes without what no ratio and no rule allows."""
        has = self.skeletons.has_inside(nodes.rows)
        lower, upper, empty = propagated(
            nodes.lower, nodes.upper, self.skeletons.pairs, has, self.limits, self.links
        )
        found = Nodes(self, nodes.rows, lower, upper, nodes.x).take(np.flatnonzero(~empty))
        return found.take(np.flatnonzero(self._may_fit(found))) if self._ruled else found

    @property
    def _ruled(self) -> bool:
        """Whether there are rules that no program has."""
        return self._memory is not None or bool(self._least_costs)

    def _may_fit(self, nodes: Nodes) -> Bools:
        """Which boxes the rules that no program has may leave something of: costs and memory
        rise with each width, so that corners tell."""
        found = np.ones(len(nodes.rows), bool)
        for place, row in enumerate(nodes.rows):
            for name, least in self._least_costs:
                widest = self.structure(int(row), nodes.upper[:, place])
                found[place] &= getattr(total_cost(widest, self._image_size), name) >= least
            if self._memory is not None:
                narrowest = self.structure(int(row), nodes.lower[:, place])
                found[place] &= map_memory(narrowest.blocks, self._image_size) <= self._memory
        return found

    def logs(self, widths: Ints) -> Floats:
        """Logarithms of widths that are in steps."""
        found: Floats = np.log(widths * float(self.step))
        return found

    def program(self, nodes: Nodes) -> Program:
        """The concave programs whose values lie nowhere below Z in the boxes."""
        lower, upper = self.logs(nodes.lower), self.logs(nodes.upper)
        return self.skeletons.program(nodes.rows, self.reading.weights(nodes.rows, lower, upper))

    def relaxed(self, nodes: Nodes, enough: float, tolerance: float = 1e-7) -> Relaxed:
        """Bounds of the nodes; arguments as in `interior.bounds`."""
        lower, upper = self.logs(nodes.lower), self.logs(nodes.upper)
        self.reading.prepare(nodes.rows, lower, upper)
        found = bounds(self.program(nodes), lower, upper, enough, tolerance)
        return Relaxed(nodes, *found)

    def values(self, row: int, widths: Ints) -> tuple[Floats, Bools]:
        """Z of a skeleton at points (variables, N), and which keep to budgets and ratios."""
        alone, x = np.array([row]), self.logs(widths)
        program = self.skeletons.program(alone, self.reading.plain)
        return self.reading.value(alone, x), self._fits(alone, program, widths, x)

    def _fits(self, rows: Ints, program: Program, widths: Ints, x: Floats) -> Bools:
        """Which points keep to ratios and, nearly, to budgets."""
        within = (program.spent(x) <= 1 + CLOSE).all(axis=0)
        has = self.skeletons.has_inside(rows)
        found: Bools = within & keeps(widths, self.skeletons.pairs, has, self.limits)
        narrow, wide = self.narrowest[:, None], self.widest[:, None]
        found &= ((narrow <= widths) & (widths <= wide)).all(axis=0) & self.links.kept(widths)
        return found

    def structure(self, row: int, widths: Ints) -> Structure:
        """The structure of a skeleton with these widths, in steps."""
        skeletons = self.skeletons
        channels = [int(width) * self.step for width in widths]
        return structure_of(skeletons.blocks(row), skeletons.layout, channels, self._image)

    def corners_fit(self, nodes: Nodes) -> Bools:
        """In which boxes the widest point keeps to ratios and, nearly, to budgets."""
        program = self.skeletons.program(nodes.rows, self.reading.plain)
        return self._fits(nodes.rows, program, nodes.upper, self.logs(nodes.upper))

    def halves(self, nodes: Nodes) -> Nodes:
        """Both halves of each box, divided where rounding costs most."""
        low, high, x = self.logs(nodes.lower), self.logs(nodes.upper), nodes.x
        widths = np.exp(np.clip(x, low, high)) / self.step
        below = np.clip(np.floor(widths + 1e-6).astype(np.int64), nodes.lower, nodes.upper - 1)
        down = widths / np.maximum(below, 1)
        up = (below + 1) / np.maximum(widths, 1e-9)
        program = self.program(nodes)
        cost = (program.logs + 1e-9) * np.log(np.maximum(np.minimum(down, up), 1 + 1e-12))
        cost += 1e-12 * (high - low)  # the longest side, where all are whole
        cost += self.reading.missing(nodes.rows, low, high, x)
        cost[nodes.lower == nodes.upper] = -1
        chosen = cost.argmax(axis=0)
        each = np.arange(len(nodes.rows))
        first, second = nodes.upper.copy(), nodes.lower.copy()
        first[chosen, each] = below[chosen, each]
        second[chosen, each] = below[chosen, each] + 1
        both = (np.concatenate([one, other], axis=1) for one, other in (
            (nodes.lower, second), (first, nodes.upper), (nodes.x, nodes.x)
        ))  # fmt: skip
        return self._without_empty(Nodes(self, np.tile(nodes.rows, 2), *both))


def _ranges(space: Space, skeletons: Skeletons) -> tuple[Ints, Ints]:
    """Least and largest of each variable, in steps, (variables,)."""
    places, step = skeletons.widths, space.width_step
    least = np.ones(places.size, np.int64)
    most = np.full(places.size, space.max_width // step, np.int64)
    for slot, out in zip(skeletons.layout, places.out):
        if out >= 0:
            low, high = Widths(space).of_stage(slot.stage)
            least[out] = max(least[out], low // step)
            most[out] = min(most[out], high // step)
    return least, most
