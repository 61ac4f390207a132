"""Drives a validation: hands trainings to lanes, records what becomes of each.

A training that is lost with its process goes on from its last checkpoint. One that fails for
its own reason is recorded with it, and the others go on.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from maedet_tui import logs
from maedet_tui.errors import SaveError
from maedet_tui.store import codec
from maedet_tui.sweep.processes import Died, Processes
from maedet_tui.validate import kept
from maedet_tui.validate.store import Trained, Training, ValidationStore
from maedet_tui.validate.worker import Job, step_of

#: seconds between two looks at signals
LOOK_EVERY = 0.25
#: times that a training may be lost without having got any further in between
MOST_LOST = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """Where all trainings stand. done, of: steps. finished, trainings: how many, without
    those that failed. left: seconds, None before a step was taken."""

    done: int
    of: int
    finished: int
    trainings: int
    left: float | None


class Driver:
    """One process drives a validation; it holds the folder's lock.

    lanes: with `worker.train_here` as their work. threads: of each training. devices: shared out
    among them in turn. keep: a file of finished trainings, see `kept`. trouble: why something
    could not be kept there.
    """

    def __init__(
        self,
        store: ValidationStore,
        lanes: Processes,
        threads: int,
        devices: tuple[str, ...] = ("cpu",),
        keep: Path | None = None,
    ):
        self.store, self.trouble = store, ""
        self._lanes, self._threads, self._devices, self._keep = lanes, threads, devices, keep
        self._asked, self._preset = store.asked(), store.preset().name
        self._subjects = {one.number: one for one in store.subjects()}
        self._waiting: deque[Training] = deque()
        self._running: dict[Future[Trained], Training] = {}
        self._lost: dict[int, tuple[int, int]] = {}
        self._finished = 0
        self._stopped: list[int] = []
        self._begun, self._first = monotonic(), 0

    def run(self, told: Callable[[Progress], object], stopped: Callable[[], bool]) -> None:
        """Train all that has not finished, until that is done or it is stopped.

        told: called some times a second. stopped: asked as often. The lanes are closed at the
        end, however it comes. Raises SaveError.
        """
        stopping = False
        try:
            self._begin()
            told(self.progress())
            while self._running or (self._waiting and not stopping):
                while self._waiting and not stopping and len(self._running) < self._lanes.capacity:
                    self._submit(self._waiting.popleft())
                ended, _ = wait(self._running, LOOK_EVERY, FIRST_COMPLETED)
                for future in ended:
                    self._take(future, self._running.pop(future), stopping)
                self._lanes.look()
                if stopped() and not stopping:
                    stopping = True
                    self._lanes.stop()
                told(self.progress())
        finally:
            self._lanes.stop()
            self._lanes.close()

    def progress(self) -> Progress:
        """Where all trainings stand now."""
        steps = self._asked.steps
        under_way = [step_of(self._folder(one)) for one in self._running.values()]
        under_way += [one.trained.step for one in self._waiting] + self._stopped
        trainings = self._finished + len(under_way)
        done = self._finished * steps + sum(under_way)
        made = done - self._first
        left = (trainings * steps - done) * (monotonic() - self._begun) / made if made > 0 else None
        return Progress(done, trainings * steps, self._finished, trainings, left)

    def _begin(self) -> None:
        """Queue what has not finished, and is not known from elsewhere."""
        known = kept.known(self._keep) if self._keep is not None else {}
        for training in self.store.trainings():
            if training.trained.state == "finished":
                self._finished += 1
                continue
            subject = self._subjects[training.subject]
            there = known.get(self._asked.key(subject.structure, training.seed))
            if there is not None:
                self.store.record(training.number, there)
                self._finished += 1
            else:
                self._waiting.append(training)
        self._first = self.progress().done
        self._begun = monotonic()

    def _folder(self, training: Training) -> Path:
        return self.store.folder / f"training-{training.number:03}"

    def _submit(self, training: Training) -> None:
        subject = self._subjects[training.subject]
        job = Job(
            training.number,
            str(self._folder(training)),
            codec.structure_text(subject.structure),
            training.seed,
            self._asked.text(),
            self._threads,
            self._devices[training.number % len(self._devices)],
        )
        self.store.record(training.number, training.trained._replace(state="running", error=None))
        self._running[self._lanes.submit(job)] = training

    def _take(self, future: Future[Trained], training: Training, stopping: bool) -> None:
        """Record what became of a training that was handed over."""
        try:
            trained = future.result()
        except Died as died:
            at = step_of(self._folder(training))
            before, times = self._lost.get(training.number, (-1, 0))
            times = 1 if at > before else times + 1
            self._lost[training.number] = (at, times)
            trained = Trained("stopped", at)
            if times >= MOST_LOST:
                said = f"{died}, {times} times at step {at:,}; is there enough memory?"
                trained = Trained("failed", at, error=said)
            elif not stopping:
                self._waiting.appendleft(training)
        except Exception as error:
            said = logs.failure(f"A training in {self._folder(training)} broke off", error)
            trained = Trained("failed", error=said)
        self.store.record(training.number, trained)
        if trained.state == "stopped" and training not in self._waiting:
            self._stopped.append(trained.step)
        if trained.state != "finished":
            return
        self._finished += 1
        # not before it is recorded: what is lost then is made again from the last checkpoint
        shutil.rmtree(self._folder(training), ignore_errors=True)
        if self._keep is not None:
            subject = self._subjects[training.subject]
            try:
                kept.keep(self._keep, self._preset, subject, training.seed, self._asked, trained)
            except SaveError as error:  # it is in the database, and the others go on
                self.trouble = str(error)
