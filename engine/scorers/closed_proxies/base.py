"""What the closed proxies share: a value of each structure, as a Scorer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from math import isfinite, nan

from engine.scorers.base import NO_ENTROPIES, Score, ScoringError, never, refuse_stacked
from engine.settings import CLOSED, Forward, Objective
from engine.structure import Structure


class ClosedProxy(ABC):
    """A Scorer (see `engine.scorers.base`) whose z is a proxy's expected value.

    proxy: the name of what is expected. forward: only `batch` counts, as the images of a
    minibatch, and only of NASWOT. Of the objective only the resolution counts.
    """

    proxy: str
    batch = 1

    def __init__(self, objective: Objective, forward: Forward | None = None):
        self.objective = objective
        self.count = (forward or Forward()).batch
        self.method = self.proxy + CLOSED
        self.detail = f"{self.proxy} in closed form"
        self.notices: list[str] = []

    @abstractmethod
    def value(self, structure: Structure) -> float:
        """The proxy's expected value. May raise ValueError or ZeroDivisionError for a
        structure that has none."""

    def score(
        self, structures: Sequence[Structure], cancelled: Callable[[], bool] = never
    ) -> list[Score]:
        """Score each structure. Raises ScoringError for one without a finite value."""
        return [self._score(structure) for structure in structures]

    def _score(self, structure: Structure) -> Score:
        refuse_stacked(structure)
        try:
            z = self.value(structure)
        except (ValueError, ZeroDivisionError):
            z = nan
        if not isfinite(z):
            raise ScoringError(
                f"the structure has no finite {self.method}: it needs a layer with an activation"
            )
        return Score(z, NO_ENTROPIES, nan, self.method, self.detail)
