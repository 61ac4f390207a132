"""Runs the searches behind a table, several at a time.

All scores are searched in closed form, those of the proxies as well, whose winners are
then measured by passes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from engine.costs import Cost
from engine.run.history import History
from engine.scorers.base import Score, close
from engine.scorers.factory import make_scorer
from engine.search.evolution import Evolution
from engine.settings import CLOSED, CLOSED_PROXIES, Preset
from engine.snapshot import Point
from engine.structure import Structure
from maedet_tui.presets import load

if TYPE_CHECKING:  # of one start method, whichever it is
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Event

#: iterations of a search under --quick
QUICK_ITERATIONS = 24_000
#: images of a minibatch where a proxy is measured, and so where it is searched
PROXY_BATCH = 4
#: seconds between two signs of life of a search
INTERVAL = 0.5


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
    next_word = monotonic() + INTERVAL
    while proposals := evolution.ask():
        evolution.tell(zip(proposals, scorer.score([p.structure for p in proposals]), strict=True))
        assert evolution.best is not None  # it has been told of one at least
        history.record(evolution.iteration, evolution.best, evolution.counts["accepted"])
        if monotonic() > next_word:
            if stopped():
                return None
            told(evolution.iteration)
            next_word = monotonic() + INTERVAL
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
    different = list(dict.fromkeys(jobs))
    total = len(different)
    progress(0, total, {})
    # a fresh interpreter: torch's threads do not survive a fork
    context = multiprocessing.get_context("spawn")
    stop, words = context.Event(), context.Queue()
    workers = min(total, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, context, _begin, (stop, words)) as pool:
        futures = {pool.submit(_work, job): job for job in different}
        running: dict[Job, int] = {}
        pending = set(futures)
        try:
            while pending:
                ended, pending = wait(pending, INTERVAL / 2, FIRST_COMPLETED)
                while not words.empty():
                    job, iteration = words.get()
                    running[job] = iteration
                for future in ended:
                    if (result := future.result()) is not None:
                        found[futures[future]] = result
                for job in found:
                    running.pop(job, None)
                progress(len(found), total, running)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


class _Parent(NamedTuple):
    """How a search's process hears of its parent, and is heard by it."""

    stop: Event
    words: Queue[tuple[Job, int]]


_parent: _Parent | None = None


def _begin(stop: Event, words: Queue[tuple[Job, int]]) -> None:
    """In a new process: Ctrl-C is the parent's to hear, its end is everybody's."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    global _parent
    _parent = _Parent(stop, words)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(job: Job) -> Found | None:
    assert _parent is not None  # the pool begins each process with `_begin`
    stop, words = _parent
    return run(job, lambda iteration: words.put((job, iteration)), stop.is_set)


def _end_with_the_parent() -> None:
    """A killed parent sets no event, and nobody waits for what is searched on."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


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
