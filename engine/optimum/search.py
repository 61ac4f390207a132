"""The optimum of a preset, by branch and bound: an object that is stepped, as `Evolution` is.

It knows nothing of threads, files or screens; `Optimum` has an example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from heapq import heappop, heappush
from time import monotonic

import numpy as np

from engine.costs import total_cost
from engine.optimum.bounding import Nodes, Relaxed
from engine.optimum.certificate import Best, Certificate
from engine.optimum.problem import NoOptimum, Problem
from engine.optimum.rounding import improved
from engine.optimum.space import Floats, Ints, Layout, layout_of
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution, exceeded
from engine.search.rules import Rules
from engine.settings import Preset, Schedule

#: skeletons bounded in one step, and boxes divided in one where there are few; `volume` bounds
#: each four times, and Ctrl-C waits for the step
CHUNK, FEWEST = 2048, 64
#: the evolution whose best is compared with, where there are too many skeletons: N and T
SMALL, EVOLVED = 32, 12_000
#: of the multipliers of the best skeleton, round by round: those tried where skeletons are
#: bounded together
SHARES = ((1.0, 0.25, 0.5, 2.0, 4.0), (0.7, 1.4), (0.85, 1.2))
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

    def __init__(self, preset: Preset, best: Best | None = None):
        """best: one that is known already; of no account where the preset does not allow it."""
        self.problem = Problem(preset)
        self._rules = Rules(preset.space, preset.budget)
        self.best = best if best is not None and self._allowed(best) else None
        self.nodes = 0
        self._scorer = ClosedForm(preset.objective)
        self._heap: list[tuple[float, int, Nodes, int]] = []
        self._number = self._divided = 0
        self._open = self._trivial = self._lowest = self.problem.trivial_bound()
        self._prices: Floats | None = None
        self._work = self._skeletons()
        self._working = True
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
        return max(self.z, self._lowest)

    @property
    def certificate(self) -> Certificate:
        """What is known by now."""
        problem = self.problem
        return Certificate(
            self.bound, self.trivial, self.best, self.nodes, self.left, problem.count,
            tuple(problem.notes),
        )  # fmt: skip

    @property
    def done(self) -> bool:
        """Whether nothing is left that could hold a better structure."""
        return not self._heap and not self._working

    @property
    def left(self) -> int:
        """Skeletons not yet bounded, and boxes that may hold a better structure."""
        return self._to_bound + len(self._heap)

    @property
    def branching(self) -> bool:
        """Whether all skeletons are bounded, so that boxes of widths are divided now."""
        return not self._working

    @property
    def looked_at(self) -> int:
        """Skeletons bounded so far, and boxes divided since."""
        return self.problem.count - self._to_bound + self._divided

    def step(self) -> bool:
        """Bound some more, for about a tenth of a second. Returns whether there is more to do.

        Raises NoOptimum where nothing keeps to all budgets.
        """
        if self._working:
            self._working = next(self._work, None) is not None
        else:
            self._branch()
        # a box may be bounded less tightly than the one that it was a part of
        waiting = -self._heap[0][0] if self._heap else -np.inf
        self._lowest = min(self._lowest, max(self.z, waiting, self._open))
        if self.done and self.best is None and self._open == -np.inf:
            raise NoOptimum("no structure meets all budgets at once: raise one of them")
        return not self.done

    def _skeletons(self) -> Iterator[str]:
        """Bound every skeleton; yields what it has been at."""
        problem = self.problem
        if problem.others:
            yield from self._evolved()
        together = True
        for layout in problem.layouts:
            for done in self._one_by_one(layout):
                if together and self._prices is not None:
                    together = False
                    self._open = min(self._open, problem.together(self._prices))
                yield done
        yield from self._others()

    def _one_by_one(self, layout: Layout) -> Iterator[str]:
        """Bound the skeletons of a layout, a chunk at a time."""
        group = self.problem.group(layout)
        yield "listed"
        # the deepest first: they tend to be the best, and to prune the others
        order = np.argsort(-group.skeletons.layers, kind="stable")
        for start in range(0, len(order), CHUNK):
            which = order[start : start + CHUNK]
            self._to_bound -= len(which)
            self._bounded(group.relaxed(group.roots(which), self.z, COARSE))
            yield "bounded"

    def _evolved(self) -> Iterator[str]:
        """A structure to compare with, where there are too many skeletons to look at each."""
        preset = self.problem.preset
        schedule = Schedule(SMALL, EVOLVED, SMALL // 4, compound=0.4, trade=0.3)
        evolution = Evolution(replace(preset, schedule=schedule))
        while proposals := evolution.ask(8):
            scores = self._scorer.score([one.structure for one in proposals])
            evolution.tell(zip(proposals, scores))
            yield "evolved"
        # an initial structure over a budget would stay the best
        best = evolution.best
        found = best and Best(best.structure, best.score, best.cost)
        if found is not None and found.score.z > self.z and self._allowed(found):
            self.best = found

    def _allowed(self, best: Best) -> bool:
        """Whether a structure keeps to the budgets and rules."""
        if exceeded(best.cost, self.problem.preset.budget) is not None:
            return False
        return not self._rules.broken(best.structure.blocks, best.cost)

    def _others(self) -> Iterator[str]:
        """Bound the layouts of too many skeletons together, at the best multipliers found."""
        problem = self.problem
        if not problem.others:
            self._open = -np.inf
            return
        if self._prices is None and self.best is not None:
            group = problem.group(layout_of(self.best.structure))
            self._prices = group.relaxed(group.roots(np.zeros(1, int)), -np.inf).multipliers[:, 0]
        prices = self._prices
        if prices is None:
            return
        for shares in SHARES:
            best = prices
            for some in (share * best for share in shares):
                bound = problem.together(some)
                if bound < self._open:
                    self._open, prices = bound, some
                yield "bounded together"
        if self._open > self.z:
            problem.notes.append(
                "The space has too many skeletons to bound one by one: those of most blocks have "
                "one bound together, and the best is the best that a short evolution found."
            )

    def _bounded(self, relaxed: Relaxed) -> None:
        """Keep the nodes that may hold a better structure."""
        self.nodes += len(relaxed.bound)
        if self._prices is None and len(relaxed.bound):
            self._prices = relaxed.multipliers[:, relaxed.bound.argmax()]
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
        if exceeded(cost, preset.budget) or self._rules.broken(structure.blocks, cost):
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
        self._divided += len(taken)
        halves = group.halves(Nodes.gathered(taken))
        whole = (halves.lower == halves.upper).all(axis=0)
        for place in np.flatnonzero(group.corners_fit(halves)):
            fits = self._try(halves, int(halves.rows[place]), halves.upper[:, place])
            # nothing in the box is wider than its corner
            whole[place] |= fits and self.problem.rising
        left = np.flatnonzero(~whole)
        if left.size:
            self._bounded(group.relaxed(halves.take(left), self.z))


def certified(
    preset: Preset, seconds: float, cancelled: Callable[[], bool] = lambda: False
) -> Certificate:
    """What is known of a preset's optimum after so many seconds, when it is cancelled, or as
    soon as it is proven.

    Raises NoOptimum.
    """
    end = monotonic() + seconds
    optimum = Optimum(preset)
    while optimum.step() and monotonic() < end and not cancelled():
        pass
    return optimum.certificate
