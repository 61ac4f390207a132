"""Drives a search on a background thread and publishes what it sees.

The thread owns the search; everyone else reads `snapshot`, which is replaced as a
whole and never changed, and sends wishes (pause, resume, stop) that take effect
between two iterations or, within a forward pass, between two convolutions.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.run import views
from engine.run.audit import LEAVE_WITHIN, Auditor, forward_auditor
from engine.run.checkpoint import Checkpoint
from engine.run.history import History
from engine.run.pace import Pace
from engine.scorers.base import Cancelled, Scorer, ScoringError
from engine.scorers.factory import make_scorer
from engine.search.evolution import Evolution
from engine.search.member import Member, Proposal
from engine.settings import Preset
from engine.snapshot import Candidate, LatencyResult, Phase, Portion, Ranked, RunState, Snapshot

if TYPE_CHECKING:
    from engine.latency.budget import LatencyBudget

#: seconds between two snapshots, so that a screen can change ten times a second; likewise
#: between two checkpoints
INTERVAL = 0.08

#: seconds that the search stands back when it is asked to: about what drawing an answer takes
WAY = 0.05

#: changes of the best that a snapshot carries
BESTS = 100

#: failures in a row after which scoring is given up
MOST_FAILURES = 50


class Runner:
    """A search of one preset, on a daemon thread of its own.

    scorer, auditor: used in place of those that the preset asks for. start_from: the
    checkpoint of an earlier search to go on from. latency_folder: where measured
    latencies are kept, for a preset with a latency budget.
    failure: the exception behind a snapshot of state "failed".
    """

    def __init__(
        self,
        preset: Preset,
        *,
        scorer: Scorer | None = None,
        auditor: Callable[[], Auditor] | None = None,
        start_from: Checkpoint | None = None,
        latency_folder: Path | None = None,
    ):
        self.preset = preset
        self.failure: BaseException | None = None
        self._scorer = scorer
        self._make_auditor = auditor
        self._latency_folder = latency_folder
        self._latency: LatencyBudget | None = None
        self._auditor: Auditor | None = None
        self._evolution = Evolution(preset)
        self._history = History(preset)
        self._go = threading.Event()
        self._go.set()
        self._stop = threading.Event()
        self._asking = threading.Lock()
        self._checking = False
        self._timing: Portion | None = None
        self._pace = Pace()
        self._way_until = self._no_way_until = 0.0
        self._next_publication = 0.0
        self._candidate: Candidate | None = None
        self._best: Member | None = None
        self._bests: list[Member] = []
        self._members = views.Members()
        self._recheck: tuple[Ranked, ...] = ()
        self._notices: list[str] = []
        self._batch = 0
        self._checkpoint: Checkpoint | None = None
        if start_from is not None:
            self._restore(start_from)
        evolution = self._evolution
        self._snapshot = Snapshot(
            state="starting",
            phase=evolution.phase,
            iteration=evolution.iteration,
            iterations=evolution.iterations,
            seconds=self._pace.seconds,
            rate=0.0,
            eta=None,
            scorer=preset.scorer,
        )
        self._thread = threading.Thread(target=self._run, name="search", daemon=True)

    @property
    def snapshot(self) -> Snapshot:
        """The newest state of the search; audits go on arriving after its end."""
        snapshot, auditor = self._snapshot, self._auditor
        if auditor is not None and snapshot.ended and auditor.latest is not snapshot.audit:
            self._snapshot = snapshot = replace(snapshot, audit=auditor.latest)
        return snapshot

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The newest state to go on from, replaced as a whole; None before the first."""
        return self._checkpoint

    def _restore(self, start_from: Checkpoint) -> None:
        evolution = self._evolution
        evolution.restore(start_from.evolution)
        self._best = evolution.best
        self._pace = Pace(start_from.seconds)
        self._history.restore(start_from.history)
        self._bests = list(start_from.bests)
        if self._best is not None and not self._bests:
            self._bests.append(self._best)  # the best that is left under another budget
        self._checkpoint, self._batch = start_from, start_from.batch

    def start(self) -> None:
        """Begin. Raises RuntimeError if begun before."""
        self._thread.start()
        # torch aborts the process if the interpreter ends under a thread inside it
        atexit.register(self._leave)

    def _leave(self) -> None:
        self.stop()
        self._thread.join(LEAVE_WITHIN)

    def pause(self) -> None:
        """Hold the search until `resume`; the state becomes "paused" when it holds."""
        self._go.clear()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._go.set()

    def give_way(self) -> None:
        """Leave the interpreter to others for an instant, at most a fifth of the time.

        Without it, whoever has an answer to draw gets the interpreter's lock for half a
        millisecond in turn with the search.
        """
        now = time.perf_counter()
        if now >= self._no_way_until:
            self._way_until, self._no_way_until = now + WAY, now + 5 * WAY

    def stop(self) -> None:
        """End the search for good, keeping the best so far."""
        self._stop.set()
        self._go.set()
        if self._auditor is not None:
            self._auditor.close()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds; whether it has come."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # -- on the search's thread ------------------------------------------------------

    def _run(self) -> None:
        self._pace.go()
        try:
            state = self._search()
        except Cancelled:
            state = "stopped"
        except ScoringError as error:
            state, self.failure = "failed", error
        except Exception as error:  # a thread's last word must reach the user, whatever it is
            state, self.failure = "failed", error
        if state != "finished" and self._auditor is not None:
            self._auditor.close()
        self._publish(state)
        atexit.unregister(self._leave)

    def _search(self) -> RunState:
        preset = self.preset
        if self._scorer is None:
            self._scorer = make_scorer(
                preset.scorer,
                preset.device,
                preset.objective,
                preset.forward,
                preset.schedule.seed,
            )
        if preset.budget.latency is not None:
            self._prepare_latency()
        self._start_audit()
        self._loop()
        if self._stop.is_set():
            return "stopped"
        self._checking = True
        self._publish("running")
        self._check()
        return "stopped" if self._stop.is_set() else "finished"

    def _prepare_latency(self) -> None:
        from engine.latency.budget import LatencyBudget

        self._latency = budget = LatencyBudget(self.preset, self._latency_folder)
        budget.prepare(self._interrupted, self._timed)
        self._timing = None
        self._evolution.too_slow = budget.exceeded_by

    def _timed(self, done: int, total: int) -> None:
        self._timing = Portion(done, total)

    def _start_audit(self) -> None:
        if self._scorer.method != "closed-form":
            return
        if self._make_auditor is not None:
            self._auditor = self._make_auditor()
        elif self.preset.audit:
            preset = self.preset
            self._auditor = forward_auditor(preset.objective, preset.device, preset.forward)
        if self._auditor is not None and (best := self._best) is not None:
            self._auditor.submit(best.born, best.structure, best.score)

    def _loop(self) -> None:
        evolution, scorer, clock = self._evolution, self._scorer, time.perf_counter
        go, stop = self._go, self._stop
        failures, next_checkpoint = 0, 0.0
        # kept from here on: a scorer's own size follows threads and memory, a search's may not
        self._batch = self._batch or scorer.batch
        while proposals := evolution.ask(self._batch):
            results = self._score(proposals)
            evolution.tell(results)
            if evolution.best is not self._best:
                self._new_best()
            if self._best is None:
                raise ScoringError(self._notices[-1])
            failures = 0 if any(score for _, score in results) else failures + 1
            if failures > MOST_FAILURES:
                raise ScoringError(self._notices[-1])
            self._history.record(evolution.iteration, self._best, evolution.counts["accepted"])
            if clock() >= next_checkpoint:
                self._capture()
                next_checkpoint = clock() + INTERVAL
            elif clock() >= self._next_publication:
                self._publish("running")
            if self._way_until:
                time.sleep(max(0.0, self._way_until - clock()))
                self._way_until = 0.0
            if not go.is_set() or stop.is_set():
                self._capture()
                self._hold()
                if stop.is_set():
                    return
        self._capture()

    def _capture(self) -> None:
        """Take a checkpoint; only where no proposal waits for its score.

        A snapshot comes first: what is recorded of one may never be behind the checkpoint.
        """
        self._publish("running")
        self._checkpoint = Checkpoint(
            self._evolution.state(),
            self._history.freeze(),
            tuple(self._bests),
            self._pace.seconds,
            self._batch,
        )

    def _score(self, proposals: list[Proposal]) -> list:
        scorer = self._scorer
        try:
            scores = scorer.score([p.structure for p in proposals], self._interrupted)
            return list(zip(proposals, scores))
        except ScoringError as error:
            if len(proposals) == 1:
                self._note(str(error))
                return [(proposals[0], None)]
        return [result for proposal in proposals for result in self._score([proposal])]

    def _interrupted(self) -> bool:
        """Whether to give up, asked within a forward pass; a pause is waited out here.

        Passes side by side ask from threads of their own; one of them does the work.
        """
        due = time.perf_counter() >= self._next_publication
        if due or not self._go.is_set():
            with self._asking:
                if not self._go.is_set():
                    self._hold()
                elif time.perf_counter() >= self._next_publication:
                    self._publish("running")
        return self._stop.is_set()

    def _hold(self) -> None:
        if self._go.is_set():
            return
        self._pace.hold()
        self._publish("paused")
        self._go.wait()
        self._pace.go()
        if not self._stop.is_set():
            self._publish("running")

    def _new_best(self) -> None:
        self._best = best = self._evolution.best
        self._bests.append(best)
        if self._auditor is not None:
            self._auditor.submit(best.born, best.structure, best.score)

    def _check(self) -> None:
        """What a search ends with: its winner is measured once more, by forward passes,
        and by the clock if there is a latency budget."""
        best = self._best
        if best is None:
            return
        if self._auditor is not None:
            self._auditor.finish(best.born, best.structure, best.score, self._interrupted)
        elif self._scorer.method == "forward":
            self._recheck_top()
        if self._latency is not None:
            self._latency.measure(self._best.structure)

    def _recheck_top(self) -> None:
        from engine.run.final_check import OVERTURNED, rank_again

        self._recheck, winner = rank_again(
            self._evolution.population.members[: -self.preset.schedule.keep - 1 : -1],
            self._scorer,
            self._evolution.iteration,
            self.preset.budget.image_size,
            self._interrupted,
        )
        if winner.structure != self._best.structure:
            self._note(OVERTURNED)
        self._best = winner

    def _note(self, sentence: str) -> None:
        self._notices = views.notices(self._notices, [sentence])

    # -- publishing ------------------------------------------------------------------

    def _publish(self, state: RunState) -> None:
        self._next_publication = time.perf_counter() + INTERVAL
        evolution, auditor = self._evolution, self._auditor
        self._notices = views.notices(
            self._notices,
            getattr(self._scorer, "notices", ()),
            getattr(self._latency, "notices", ()),
            [auditor.trouble] if auditor is not None and auditor.trouble else (),
        )
        if not self._checking:
            self._pace.mark(evolution.iteration)
        rate = self._pace.rate
        remaining = evolution.iterations - evolution.iteration
        self._snapshot = Snapshot(
            state=state,
            phase=self._phase if state == "running" else evolution.phase,
            iteration=evolution.iteration,
            iterations=evolution.iterations,
            seconds=self._pace.seconds,
            rate=rate,
            eta=remaining / rate if rate and state in ("running", "paused") else None,
            scorer=self._scorer.detail if self._scorer else self.preset.scorer,
            population=views.summary(evolution.population),
            counts=MappingProxyType(dict(evolution.counts)),
            best=self._best_candidate(),
            best_iteration=self._best.born if self._best else 0,
            switched_at=evolution.switched_at,
            history=self._history.freeze(),
            bests=tuple(map(views.new_best, self._bests[-BESTS:])),
            members=self._members.freeze(evolution.population),
            audit=auditor.latest if auditor is not None else None,
            recheck=self._recheck,
            latency=self._best_latency(),
            notices=tuple(self._notices),
            error=views.sentence(self.failure),
            progress=self._timing if state == "running" else None,
        )

    @property
    def _phase(self) -> Phase:
        """What the search is at while it runs."""
        if self._timing is not None:
            return "timing"
        return "checking" if self._checking else self._evolution.phase

    def _best_candidate(self) -> Candidate | None:
        best = self._best
        if best is None:
            return None
        shown = self._candidate
        if shown is None or shown.structure != best.structure or shown.score is not best.score:
            self._candidate = views.candidate(best, self.preset.budget.image_size)
        return self._candidate

    def _best_latency(self) -> LatencyResult | None:
        if self._latency is None or self._best is None:
            return None
        return self._latency.predict(self._best.structure)
