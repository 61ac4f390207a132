"""What others see of a search: snapshots and checkpoints, replaced as a whole, never changed."""

from __future__ import annotations

import time
from dataclasses import replace
from types import MappingProxyType

from engine.run import views
from engine.run.checkpoint import Checkpoint
from engine.run.search import Search
from engine.search.ancestry import Ancestor
from engine.search.member import Member
from engine.snapshot import ENDED, Candidate, LatencyResult, RunState, Snapshot

#: seconds between two snapshots, so that a screen can change ten times a second; likewise
#: between two checkpoints
INTERVAL = 0.08

#: changes of the best that a snapshot carries
BESTS = 100


class Publisher:
    """Publishes a search from its own thread, for any other to read.

    checkpoint: the newest one, None before the first.
    """

    def __init__(self, search: Search, checkpoint: Checkpoint | None = None):
        self.checkpoint = checkpoint
        self._search = search
        self._members = views.Members()
        self._candidate: Candidate | None = None
        self._lineage: tuple[Member | None, tuple[Ancestor, ...]] = None, ()
        self._next_snapshot = self._next_checkpoint = 0.0
        evolution = search.evolution
        self._snapshot = Snapshot(
            state="starting",
            phase=search.searching,
            iteration=evolution.iteration,
            iterations=evolution.iterations,
            seconds=search.pace.seconds,
            rate=0.0,
            eta=None,
            scorer=search.preset.scorer,
        )

    @property
    def snapshot(self) -> Snapshot:
        """The newest one; audits go on arriving, or failing, after the end of the search."""
        snapshot, auditor = self._snapshot, self._search.auditor
        if auditor is None or not snapshot.ended:
            return snapshot
        if auditor.latest is not snapshot.audit:
            self._snapshot = snapshot = replace(snapshot, audit=auditor.latest)
        if auditor.trouble and auditor.trouble not in snapshot.notices:
            notices = (*snapshot.notices, auditor.trouble)
            self._snapshot = snapshot = replace(snapshot, notices=notices)
        return snapshot

    @property
    def due(self) -> bool:
        """Whether the last snapshot is old."""
        return time.perf_counter() >= self._next_snapshot

    def keep_up(self) -> None:
        """Publish what is due; only where no proposal waits for its score."""
        now = time.perf_counter()
        if now >= self._next_checkpoint:
            self.capture()
            self._next_checkpoint = time.perf_counter() + INTERVAL
        elif now >= self._next_snapshot:
            self.publish("running")

    def capture(self) -> None:
        """Take a checkpoint; only where no proposal waits for its score.

        A snapshot comes first: what is recorded of one may never be behind the checkpoint.
        """
        self.publish("running")
        self.checkpoint = self._search.checkpoint()

    def publish(self, state: RunState) -> None:
        """Take a snapshot of the search in that state."""
        self._next_snapshot = time.perf_counter() + INTERVAL
        search = self._search
        evolution, pace, best, auditor = search.evolution, search.pace, search.best, search.auditor
        running, going = state == "running", state in ("running", "paused")
        if not search.checking:
            pace.mark(evolution.iteration)
        # of a search that is over nobody asks how fast it was last
        over = state in ENDED and pace.seconds > 0
        rate = evolution.iteration / pace.seconds if over else pace.rate
        remaining = evolution.iterations - evolution.iteration
        self._snapshot = Snapshot(
            state=state,
            phase=search.phase if running else search.searching,
            progress=search.timing if running else None,
            iteration=evolution.iteration,
            iterations=evolution.iterations,
            seconds=pace.seconds,
            rate=rate,
            eta=remaining / rate if rate and going and search.exactly != "branching" else None,
            scorer=search.scorer.detail if search.scorer is not None else search.preset.scorer,
            population=views.summary(evolution.population),
            counts=MappingProxyType(dict(evolution.counts)),
            tally=evolution.tally.freeze(),
            best=self._best_candidate(),
            best_iteration=best.born if best is not None else 0,
            switched_at=evolution.switched_at,
            history=search.history.freeze(),
            bests=tuple(map(views.new_best, search.bests[-BESTS:])),
            lineage=self._line_of_best(),
            members=self._members.freeze(evolution.population),
            audit=auditor.latest if auditor is not None else None,
            recheck=search.recheck,
            latency=self._best_latency(),
            bound=search.bound(),
            notices=search.notices(),
            error=search.error,
        )

    def break_off(self, error: str) -> None:
        """Say that the search has failed, on top of what was last published."""
        self._snapshot = replace(
            self._snapshot, state="failed", progress=None, eta=None, error=error
        )

    def _best_candidate(self) -> Candidate | None:
        best = self._search.best
        if best is None:
            return None
        shown = self._candidate
        if shown is None or shown.structure != best.structure or shown.score is not best.score:
            shown = views.candidate(best, self._search.preset.budget.image_size)
            self._candidate = shown
        return shown

    def _line_of_best(self) -> tuple[Ancestor, ...]:
        best = self._search.best
        if best is not self._lineage[0] and best is not None:
            self._lineage = best, self._search.evolution.population.ancestry.line(best)
        return self._lineage[1]

    def _best_latency(self) -> LatencyResult | None:
        best, latency = self._search.best, self._search.latency
        if latency is None or best is None:
            return None
        return latency.predict(best.structure)
