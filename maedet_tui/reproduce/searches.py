"""Runs the searches behind a table, several at a time.

All scores are searched in closed form, those of the proxies as well, whose winners are
then measured by passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from time import monotonic
from typing import NamedTuple

from engine.costs import Cost
from engine.run.history import History
from engine.scorers.base import Score, close
from engine.scorers.factory import make_scorer
from engine.search.evolution import Evolution
from engine.settings import CLOSED, CLOSED_PROXIES, Preset
from engine.snapshot import Point
from engine.structure import Structure
from maedet_tui.presets import load
from maedet_tui.reproduce import pool

#: iterations of a search under --quick
QUICK_ITERATIONS = 24_000
#: images of a minibatch where a proxy is measured, and so where it is searched
PROXY_BATCH = 4


class Job(NamedTuple):
    """A search: a preset by name, and what differs from it. Jobs are equal if they are
    one and the same search, which then runs once for all tables that need it."""

    preset: str
    alphas: tuple[float, ...] | None
    size: str
    seed: int
    iterations: int | None

    def settings(self) -> Preset:
        """The preset of this search, with the paper's own mutation."""
        preset = load(self.preset)
        objective = replace(preset.objective, size=self.size)
        if self.alphas is not None:
            objective = replace(objective, alphas=self.alphas)
        schedule = replace(preset.schedule, seed=self.seed, compound=0.0, trade=0.0)
        if self.iterations is not None:
            schedule = replace(schedule, iterations=self.iterations)
        return replace(
            preset,
            objective=objective,
            schedule=schedule,
            scorer=preset.scorer if preset.scorer in CLOSED_PROXIES else "closed-form",
            forward=replace(preset.forward, batch=PROXY_BATCH),
        )


class Found(NamedTuple):
    """What a search ended with. iterations: T."""

    structure: Structure
    score: Score
    cost: Cost
    history: tuple[Point, ...]
    switched_at: int | None
    iterations: int


#: a search and how many iterations it has made
Running = Mapping[Job, int]
#: told (searches done, all, those that run now)
Progress = Callable[[int, int, Running], None]


def run(
    job: Job,
    told: Callable[[int], None] = lambda iteration: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Found | None:
    """Search, on the calling thread, to the end; None if stopped before.

    told: called now and then with the iteration.
    """
    preset = job.settings()
    schedule = preset.schedule

    evolution = Evolution(preset)
    scorer = make_scorer(preset.scorer, "cpu", preset.objective, preset.forward, schedule.seed)
    history = History(preset)
    next_word = monotonic() + pool.INTERVAL
    while proposals := evolution.ask():
        evolution.tell(zip(proposals, scorer.score([p.structure for p in proposals]), strict=True))
        assert evolution.best is not None  # it has been told of one at least
        history.record(evolution.iteration, evolution.best, evolution.counts["accepted"])
        if monotonic() > next_word:
            if stopped():
                return None
            told(evolution.iteration)
            next_word = monotonic() + pool.INTERVAL
    best, switched = evolution.best, evolution.switched_at
    assert best is not None
    return Found(
        best.structure, best.score, best.cost, history.freeze(), switched, schedule.iterations
    )


def run_all(
    jobs: Iterable[Job],
    progress: Progress = lambda done, total, running: None,
    found: dict[Job, Found] | None = None,
) -> dict[Job, Found]:
    """Run each different job once, on all cores.

    found: filled as searches end, so that those are kept if this is interrupted.
    """
    found = {} if found is None else found
    pool.each(run, jobs, progress, found)
    return found


def own_score(job: Job, structure: Structure, measured: bool = False) -> Score:
    """A structure's score under the objective that a job searches by.

    measured: by a pass, where the search had a proxy's closed form.
    """
    preset = job.settings()
    scorer = preset.scorer.removesuffix(CLOSED) if measured else preset.scorer
    judge = make_scorer(scorer, "cpu", preset.objective, preset.forward, job.seed)
    try:
        return judge.score([structure])[0]
    finally:
        close(judge)


def jobs_of(
    preset: str,
    alphas: tuple[float, ...] | None,
    seeds: int,
    iterations: int | None,
    size: str | None = None,
) -> list[Job]:
    """The searches behind a row, one for each seed. None: the preset's own."""
    size = size or load(preset).objective.size
    return [Job(preset, alphas, size, seed, iterations) for seed in range(seeds)]
