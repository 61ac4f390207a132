"""Forward passes behind the back of a closed-form search: does the formula hold?

Each new best is measured on a thread of its own, newest first, since the newest is
the one that the user looks at; older ones follow as time allows. While the search
goes on, measuring rests most of the time: a pass takes the interpreter's lock and
the processor's cache from the search some thousand times a second. Behind its end a few
of those that are left are measured, and then threads and memory are given back.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from engine.run.failures import reason
from engine.scorers.base import Cancelled, Passes, Score, Stop, close
from engine.settings import Forward, Objective
from engine.snapshot import Audit
from engine.structure import Structure

_log = logging.getLogger(__name__)

#: passes of one measurement; of the final best; before a discrepancy is believed
PASSES, FINAL_PASSES, CONVINCING_PASSES = 4, 8, 16

#: standard errors between prediction and measurement that are raised to the user
DISCREPANCY = 4.0

#: new bests that can wait to be measured; that are still measured when a search has ended
MOST_WAITING, MOST_LEFT = 500, 6

#: bytes that the process keeps to while it measures, unless a single pass needs more
MEMORY = 800_000_000

#: rest after each pass while the search goes on, in times of what the pass took, so that
#: measuring takes a tenth of the time; at most, in seconds
REST, LONGEST_REST = 9.0, 10.0

#: seconds that the end of the process waits for a pass to be given up
LEAVE_WITHIN = 3.0


class _Case(NamedTuple):
    """step: in Z from the best before it."""

    iteration: int
    structure: Structure
    predicted: Score
    step: float = 0.0


class Auditor:
    """Measures submitted structures by forward passes on a background thread.

    make_scorer: called on that thread, for a `ForwardScorer` (importing torch takes
    seconds). latest: the newest measurement. trouble: why measuring was given up, if
    it was, in a sentence; the traceback is in the log.
    """

    def __init__(self, make_scorer: Callable[[], Passes]):
        self.latest: Audit | None = None
        self.trouble: str | None = None
        self._make_scorer = make_scorer
        self._waiting: list[_Case] = []
        self._z: float | None = None
        self._audited = 0
        self._worked = 0.0
        self._changed = threading.Condition()
        self._closed = False
        self._final: _Case | None = None
        self._final_done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()
        # torch aborts the process if the interpreter ends under a thread inside it
        atexit.register(self._leave)

    def submit(self, iteration: int, structure: Structure, predicted: Score) -> None:
        """Have a new best measured."""
        with self._changed:
            step = 0.0 if self._z is None else predicted.z - self._z
            self._z = predicted.z
            self._wait(_Case(iteration, structure, predicted, step))
            self._changed.notify()

    def finish(
        self,
        iteration: int,
        structure: Structure,
        predicted: Score,
        cancelled: Stop,
    ) -> None:
        """Measure the final best with more passes, and wait for it or for `cancelled()`.

        Of those that wait, the newest and those of the largest steps are measured later.
        """
        with self._changed:
            self._final = _Case(iteration, structure, predicted)
            left = [case for case in self._waiting if case.iteration != iteration]
            self._waiting = _chosen(left)
            self._changed.notify_all()
        while not self._final_done.wait(0.05):
            if cancelled() or not self._thread.is_alive():
                return

    def close(self) -> None:
        """Give up measuring; returns at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _leave(self) -> None:
        self.close()
        self._thread.join(LEAVE_WITHIN)

    def _run(self) -> None:
        scorer: Passes | None = None
        try:
            scorer = self._make_scorer()
            while (case := self._next()) is not None:
                self._measure(scorer, case, PASSES if self._final is not case else FINAL_PASSES)
                if self._final is case:
                    self._final_done.set()
        except Cancelled:
            pass
        except Exception as error:  # a thread's last word must reach the user, whatever it is
            why = reason(error, (ImportError, OSError, RuntimeError))
            self.trouble = f"new bests are not measured by forward passes: {why}"
            _log.exception("the audit failed")
        finally:
            close(scorer)
            self._waiting.clear()
            self._final_done.set()
            atexit.unregister(self._leave)

    def _next(self) -> _Case | None:
        with self._changed:
            while not self._closed:
                if self._final is not None and not self._final_done.is_set():
                    return self._final
                if self._waiting:
                    return self._waiting.pop()
                if self._final is not None:
                    break  # nothing will be submitted any more
                self._changed.wait()
        return None

    def _wait(self, case: _Case) -> None:
        self._waiting.append(case)
        del self._waiting[:-MOST_WAITING]

    def _overtaken(self, case: _Case) -> bool:
        final_waits = self._final not in (None, case) and not self._final_done.is_set()
        return self._closed or final_waits

    def _measure(self, scorer: Passes, case: _Case, wanted: int) -> None:
        values: list[float] = []
        while len(values) < wanted:
            self._rest()
            began = time.perf_counter()
            try:
                (z, _), *_ = scorer.passes(
                    case.structure, 1, first=len(values), cancelled=lambda: self._overtaken(case)
                )
            except Cancelled:
                if self._closed:
                    raise
                if not values:
                    with self._changed:
                        self._wait(case)
                        if self._final is not None:
                            self._waiting = _chosen(self._waiting)
                    return
                wanted = len(values)  # what has been measured counts
            else:
                values.append(z)
                self._worked = time.perf_counter() - began
            audit = self._judge(case, values, scorer.described(len(values)))
            if audit.discrepant and len(values) >= wanted and not self._overtaken(case):
                # few passes give a poor idea of their own error, so ask for more first
                wanted = max(wanted, CONVINCING_PASSES)
        self._audited += 1
        audit = self._judge(case, values, scorer.described(len(values)))
        newest = self.latest is None or (audit.iteration, audit.passes) >= (
            self.latest.iteration,
            self.latest.passes,
        )
        if newest or audit.discrepant:
            self.latest = audit
        elif self.latest is not None:
            self.latest = self._counted(self.latest)

    def _rest(self) -> None:
        """Leave the machine to the search for a while, unless that has ended."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._final is not None,
                min(LONGEST_REST, REST * self._worked),
            )

    def _judge(self, case: _Case, values: list[float], detail: str) -> Audit:
        count = len(values)
        mean = sum(values) / count
        variance = sum((value - mean) ** 2 for value in values) / max(1, count - 1)
        # the predicted deviation stands in where a handful of passes agree by chance
        error = max(variance**0.5, case.predicted.z_std) / count**0.5
        predicted = case.predicted.z
        return self._counted(
            Audit(
                iteration=case.iteration,
                predicted=predicted,
                measured=mean,
                error=error,
                passes=count,
                discrepant=abs(mean - predicted) > DISCREPANCY * error,
                audited=0,
                waiting=0,
                detail=detail,
            )
        )

    def _counted(self, audit: Audit) -> Audit:
        return replace(audit, audited=self._audited, waiting=len(self._waiting))


def _chosen(cases: list[_Case]) -> list[_Case]:
    """A few of the cases, the newest last: half of them the newest, half of the largest steps."""
    cases = sorted(cases, key=lambda case: case.iteration)
    if len(cases) <= MOST_LEFT:
        return cases
    newest = cases[-(MOST_LEFT // 2) :]
    steps = sorted(cases[: -len(newest)], key=lambda case: case.step)
    return steps[len(newest) - MOST_LEFT :] + newest


def forward_auditor(objective: Objective, device: str, forward: Forward) -> Auditor:
    """An auditor that measures on the device that a preset names ("auto" finds one)."""

    def make() -> Passes:
        import os

        import torch

        from engine.scorers.factory import resolve_device
        from engine.scorers.forward import ForwardScorer

        found, threads = resolve_device(device), torch.get_num_threads()
        # one core is left to the search and the screen; later scorers have them all again
        torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
        try:
            return ForwardScorer(objective, found, forward, seed=0, keep_to=MEMORY)
        finally:
            torch.set_num_threads(threads)

    return Auditor(make)
