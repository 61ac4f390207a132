"""What an interrupted search needs to go on as if nothing had happened: frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from engine.search.evolution import State
from engine.search.member import Member
from engine.snapshot import Bound, Point


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A search between two iterations.

    evolution: population, random state, iteration and counts. history: the points up to
    there. bests: every change of the best, oldest first. seconds: time spent searching.
    batch: how many children are asked for at once, which the course of a search depends on.
    bound: what was known of the best possible.
    """

    evolution: State
    history: tuple[Point, ...] = ()
    bests: tuple[Member, ...] = ()
    seconds: float = 0.0
    batch: int = 1
    bound: Bound | None = None

    @property
    def iteration(self) -> int:
        """The iteration that the search goes on from."""
        return self.evolution.iteration
