"""The optimum of a preset, by branch and bound: an object that is stepped, as `Evolution` is.

It knows nothing of threads, files or screens; `Optimum` has an example.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from engine.costs import Cost, total_cost
from engine.optimum.bounding import Nodes, Relaxed
from engine.optimum.problem import Problem
from engine.optimum.rounding import improved
from engine.optimum.space import Ints
from engine.scorers.base import Score
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import exceeded
from engine.settings import Preset
from engine.structure import Structure

#: skeletons bounded in one step, and nodes
CHUNK, BATCH = 8192, 128
#: a best within this share of the bound counts as proven
PROVEN = 1e-6
#: how near to its bound a skeleton's first one is taken, as a share
COARSE = 1e-5
#: skeletons of a chunk whose widths are rounded for a structure to compare with
ROUNDED = 3


class Best(NamedTuple):
    """The best structure found so far."""

    structure: Structure
    score: Score
    cost: Cost


class Optimum:
    """The best structure that a preset's search could find, and how far from it one may be.

    bound: no structure of the space within the budgets has a higher Z. best: the best one
    found, None before there is one. trivial: the bound is that of all widths and depths at
    their largest, since no skeleton has been bounded yet. nodes: boxes of widths bounded so
    far. left: how many skeletons, or boxes, may still hold a better structure.

    >>> from dataclasses import replace
    >>> from engine.optimum.search import Optimum
    >>> from engine.settings import Budget, Preset, Space
    >>> from engine.zoo import ZOO
    >>> preset = Preset(
    ...     "small",
    ...     initial=ZOO["initial"].structure,
    ...     budget=Budget(flops=20_000_000_000, layers=31),
    ...     space=Space(kernels=(3,), stage_depths=(1, 2, 3, 4, 3)),
    ... )
    >>> optimum = Optimum(preset)
    >>> while optimum.step():
    ...     pass
    >>> optimum.proven, optimum.best.structure.widths
    """

    def __init__(self, preset: Preset):
        self.problem = Problem(preset)
        self.best: Best | None = None
        self.nodes = 0
        self._scorer = ClosedForm(preset.objective)
        self._known: dict[Structure, float] = {}
        self._heap: list[tuple[float, int, Nodes]] = []
        self._number = 0
        self._open = self.problem.trivial_bound()
        self._stopped = False
        self._first = self._skeletons()
        self._to_bound = self.problem.count

    @property
    def trivial(self) -> bool:
        """Whether the bound is the trivial one."""
        return self._to_bound > 0

    @property
    def z(self) -> float:
        """Z of the best structure, -inf before there is one."""
        return -np.inf if self.best is None else self.best.score.z

    @property
    def bound(self) -> float:
        """What no structure's Z exceeds."""
        waiting = -self._heap[0][0] if self._heap else -np.inf
        return max(self.z, waiting, self._open)

    @property
    def gap(self) -> float:
        """How far the best is below the bound at most, as a share of the bound."""
        if self.best is None:
            return np.inf
        return (self.bound - self.z) / abs(self.bound) if self.bound else 0.0

    @property
    def proven(self) -> bool:
        """Whether the best is the optimum, within 1e-6."""
        return self.best is not None and self.gap <= PROVEN

    @property
    def done(self) -> bool:
        """Whether nothing is left that could hold a better structure."""
        return not self._heap and self._open == -np.inf

    @property
    def left(self) -> int:
        """Skeletons not yet bounded, and boxes that may hold a better structure."""
        return self._to_bound + len(self._heap)

    def step(self) -> bool:
        """Bound some more, for about a tenth of a second. Returns whether there is more to do."""
        if self._open > -np.inf:
            self._open = next(self._first, -np.inf)
        else:
            self._branch()
        return not self.done

    def _skeletons(self) -> Iterator[float]:
        """Bound every skeleton; yields what bounds those that are left."""
        for group in self.problem.groups():
            yield self._open
            # the deepest first: they tend to be the best, and to prune the others
            order = np.argsort(-group.skeletons.layers, kind="stable")
            for start in range(0, len(order), CHUNK):
                which = order[start : start + CHUNK]
                self._to_bound -= len(which)
                nodes = group.roots(which)
                self._bounded(group.relaxed(nodes, self.z, COARSE))
                yield self._open

    def _bounded(self, relaxed: Relaxed) -> None:
        """Keep the nodes that may hold a better structure."""
        self.nodes += len(relaxed.bound)
        for place in np.argsort(-relaxed.bound)[:ROUNDED]:
            if relaxed.bound[place] > self.z:
                row, widths = relaxed.nodes.rows[place], relaxed.x[:, place]
                self._try(relaxed.nodes, int(row), improved(relaxed.nodes.group, int(row), widths))
        for place in np.flatnonzero(relaxed.bound > self.z):
            self._number += 1
            node = relaxed.nodes.take(np.array([place])).at(relaxed.x[:, [place]])
            heappush(self._heap, (-float(relaxed.bound[place]), self._number, node))

    def _try(self, nodes: Nodes, row: int, widths: Ints | None) -> bool:
        """Compare the best with a structure; whether that keeps to the budgets."""
        if widths is None:
            return False
        structure = nodes.group.structure(row, widths)
        preset = self.problem.preset
        cost = total_cost(structure, preset.budget.image_size)
        if exceeded(cost, preset.budget) is not None:
            return False
        (score,) = self._scorer.score([structure])
        if score.z > self.z:
            self.best = Best(structure, score, cost)
        return True

    def _branch(self) -> None:
        """Divide the boxes of highest bound, and bound their halves."""
        group = self._heap[0][2].group
        taken: list[Nodes] = []
        while self._heap and len(taken) < BATCH and self._heap[0][2].group is group:
            bound, _, node = heappop(self._heap)
            if -bound <= self.z:
                self._heap.clear()  # so are all others
                break
            taken.append(node)
        if not taken:
            return
        halves = group.halves(Nodes.joined(taken))
        solved = []
        fit = group.corners_fit(halves)
        for place in range(len(halves.rows)):
            if fit[place] and self._try(halves, int(halves.rows[place]), halves.upper[:, place]):
                continue  # nothing in the box is wider than the corner
            if (halves.lower[:, place] < halves.upper[:, place]).any():
                solved.append(place)
        if solved:
            self._bounded(group.relaxed(halves.take(np.array(solved)), self.z))
