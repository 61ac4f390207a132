"""The optimum of a preset, by branch and bound: an object that is stepped, as `Evolution` is.

It knows nothing of threads, files or screens; `Optimum` has an example.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from time import monotonic

import numpy as np

from engine.costs import total_cost
from engine.optimum.bounding import Nodes, Relaxed
from engine.optimum.certificate import Best, Certificate
from engine.optimum.problem import NoOptimum, Problem
from engine.optimum.rounding import improved
from engine.optimum.space import Floats, Ints
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import exceeded
from engine.settings import Preset

#: skeletons bounded in one step, and boxes divided in one where there are few
CHUNK, FEWEST = 8192, 64
#: how near to its bound a skeleton's first one is taken, as a share
COARSE = 1e-5
#: skeletons of a chunk whose widths are rounded for a structure to compare with
ROUNDED = 3


class Optimum:
    """The best structure that a preset's search could find, and how far one may be from it.

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
    >>> found = optimum.certificate
    >>> found.proven, f"Z {found.best.score.z:.2f}", found.best.structure.widths
    (True, 'Z 736.63', (56, 128, 304, 632, 32))
    """

    def __init__(self, preset: Preset):
        self.problem = Problem(preset)
        self.best: Best | None = None
        self.nodes = 0
        self._scorer = ClosedForm(preset.objective)
        self._heap: list[tuple[float, int, Nodes, int]] = []
        self._number = 0
        self._open = self._trivial = self.problem.trivial_bound()
        self._prices: Floats | None = None
        self._together = True
        self._first = self._skeletons()
        self._to_bound = self.problem.count

    @property
    def trivial(self) -> bool:
        """Whether the bound is the trivial one."""
        return self.bound == self._trivial

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
    def certificate(self) -> Certificate:
        """What is known by now."""
        problem = self.problem
        return Certificate(
            self.bound, self.trivial, self.best, self.nodes, self.left, problem.count,
            problem.complete, tuple(problem.notes),
        )  # fmt: skip

    @property
    def done(self) -> bool:
        """Whether nothing is left that could hold a better structure."""
        return not self._heap and self._to_bound == 0

    @property
    def left(self) -> int:
        """Skeletons not yet bounded, and boxes that may hold a better structure."""
        return self._to_bound + len(self._heap)

    def step(self) -> bool:
        """Bound some more, for about a tenth of a second. Returns whether there is more to do.

        Raises NoOptimum where nothing keeps to all budgets.
        """
        if self._to_bound:
            next(self._first)
            if self._together or (not self._to_bound and not self.problem.complete):
                self._bound_together()
            if not self._to_bound and self.problem.complete:
                self._open = -np.inf
        else:
            self._branch()
        if self.done and self.best is None and self.problem.complete:
            raise NoOptimum("no structure meets all budgets at once: raise one of them")
        return not self.done

    def _bound_together(self) -> None:
        """Bound what is not bounded one by one, at the multipliers of the best so far."""
        if self._prices is not None:
            self._open = min(self._open, self.problem.together(self._prices))
            self._together = False

    def _skeletons(self) -> Iterator[None]:
        """Bound every skeleton, a chunk at a time."""
        for group in self.problem.groups():
            yield
            # the deepest first: they tend to be the best, and to prune the others
            order = np.argsort(-group.skeletons.layers, kind="stable")
            for start in range(0, len(order), CHUNK):
                which = order[start : start + CHUNK]
                self._to_bound -= len(which)
                nodes = group.roots(which)
                self._bounded(group.relaxed(nodes, self.z, COARSE))
                yield

    def _bounded(self, relaxed: Relaxed) -> None:
        """Keep the nodes that may hold a better structure."""
        self.nodes += len(relaxed.bound)
        for place in np.argsort(-relaxed.bound)[:ROUNDED]:
            if relaxed.bound[place] > self.z:
                self._prices = relaxed.multipliers[:, place]
                row, widths = relaxed.nodes.rows[place], relaxed.x[:, place]
                self._try(relaxed.nodes, int(row), improved(relaxed.nodes.group, int(row), widths))
        kept = np.flatnonzero(relaxed.bound > self.z)
        nodes = relaxed.nodes.take(kept).at(relaxed.x[:, kept])
        for place, bound in enumerate(relaxed.bound[kept]):
            self._number += 1
            heappush(self._heap, (-float(bound), self._number, nodes, place))

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
        if -self._heap[0][0] <= self.z:
            self._heap.clear()  # as are all others
            return
        group = self._heap[0][2].group
        taken: list[tuple[Nodes, int]] = []
        most = max(FEWEST, min(CHUNK // 2, len(self._heap) // 8))
        while self._heap and len(taken) < most and self._heap[0][2].group is group:
            if -self._heap[0][0] <= self.z:
                break
            taken.append(heappop(self._heap)[2:])
        halves = group.halves(Nodes.gathered(taken))
        whole = (halves.lower == halves.upper).all(axis=0)
        for place in np.flatnonzero(group.corners_fit(halves)):
            fits = self._try(halves, int(halves.rows[place]), halves.upper[:, place])
            # nothing in the box is wider than its corner
            whole[place] |= fits and self.problem.rising
        left = np.flatnonzero(~whole)
        if left.size:
            self._bounded(group.relaxed(halves.take(left), self.z))


def certified(preset: Preset, seconds: float) -> Certificate:
    """What is known of a preset's optimum after so many seconds, or as soon as it is proven.

    Raises NoOptimum.
    """
    end = monotonic() + seconds
    optimum = Optimum(preset)
    while optimum.step() and monotonic() < end:
        pass
    return optimum.certificate
