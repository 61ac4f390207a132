"""Runs the searches behind a table, several at a time, in closed form."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from typing import NamedTuple

from engine.costs import Cost
from engine.history import History
from engine.scorers.base import Score
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution
from engine.settings import Preset
from engine.snapshot import Point
from engine.structure import Structure
from maedet_tui.presets import load

#: iterations of a search under --quick
QUICK_ITERATIONS = 24_000


class Job(NamedTuple):
    """A search: a preset by name, and what differs from it. Jobs are equal if they are
    one and the same search, which then runs once for all tables that need it."""

    preset: str
    alphas: tuple[float, ...] | None
    size: str
    seed: int
    iterations: int | None

    def settings(self) -> Preset:
        """The preset of this search."""
        preset = load(self.preset)
        objective = replace(preset.objective, size=self.size)
        if self.alphas is not None:
            objective = replace(objective, alphas=self.alphas)
        schedule = replace(preset.schedule, seed=self.seed)
        if self.iterations is not None:
            schedule = replace(schedule, iterations=self.iterations)
        return replace(preset, objective=objective, schedule=schedule)


class Found(NamedTuple):
    """What a search ended with."""

    structure: Structure
    score: Score
    cost: Cost
    history: tuple[Point, ...]
    switched_at: int | None


def run(job: Job) -> Found:
    """Search, on the calling thread, to the end."""
    preset = job.settings()
    evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
    history = History(preset)
    while proposals := evolution.ask():
        evolution.tell(zip(proposals, scorer.score([p.structure for p in proposals]), strict=True))
        history.record(evolution.iteration, evolution.best, evolution.counts["accepted"])
    best = evolution.best
    return Found(best.structure, best.score, best.cost, history.freeze(), evolution.switched_at)


def run_all(
    jobs: Iterable[Job], progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[Job, Found]:
    """Run each different job once, on all cores. progress: called with (done, total)."""
    different = list(dict.fromkeys(jobs))
    progress(0, len(different))
    found: dict[Job, Found] = {}
    with ProcessPoolExecutor(max_workers=min(len(different), os.cpu_count() or 1)) as pool:
        futures = {pool.submit(run, job): job for job in different}
        try:
            for future in as_completed(futures):
                found[futures[future]] = future.result()
                progress(len(found), len(different))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found
