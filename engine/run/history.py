"""The best structure over time, in a bounded number of points (Figures 8-10)."""

from __future__ import annotations

from engine.costs import stage_costs
from engine.scorers.objective import z_parts
from engine.search.member import Member
from engine.search.population import Population
from engine.settings import Preset
from engine.snapshot import Point, Spread

#: points kept of a whole search; twice the columns of a wide terminal's plot
POINTS = 400


class History:
    """One point each T / POINTS iterations, each the best at that time."""

    def __init__(self, preset: Preset):
        self._step = max(1, preset.schedule.iterations // POINTS)
        self._next = 0
        self._objective = preset.objective
        self._image_size = preset.budget.image_size
        self._points: list[Point] = []
        self._frozen: tuple[Point, ...] = ()

    def record(
        self, iteration: int, best: Member, accepted: int, population: Population | None = None
    ) -> None:
        """Take note of the best at an iteration, if a point is due, and of the population's Z."""
        if iteration < self._next:
            return
        costs = stage_costs(best.structure, self._image_size)
        score = best.score
        parts: tuple[float, ...] = ()
        if score.is_entropy:
            parts = z_parts(self._objective, best.structure, score.entropies)
        self._points.append(Point(iteration, score.z, costs, accepted, parts, _spread(population)))
        self._next = iteration - iteration % self._step + self._step

    def spread(self, iterations: int) -> None:
        """Have so many iterations make POINTS points."""
        self._step = max(1, iterations // POINTS)

    def restore(self, points: tuple[Point, ...]) -> None:
        """Go on behind the points of a search that was interrupted."""
        self._points = list(points)
        last = points[-1].iteration if points else -self._step
        self._next = last - last % self._step + self._step

    def freeze(self) -> tuple[Point, ...]:
        """All points so far, oldest first."""
        if len(self._frozen) != len(self._points):
            self._frozen = tuple(self._points)
        return self._frozen


def _spread(population: Population | None) -> Spread | None:
    """Worst and quartiles of a population, by nearest rank; None of an empty one."""
    z = population.scores() if population is not None else ()
    if not z:
        return None
    last = len(z) - 1
    return Spread(z[0], *(z[round(share * last)] for share in (0.25, 0.5, 0.75)))
