"""Drives a sweep: hands searches to where they run, records what becomes of them, once each.

A search that is lost with its process, or its machine, goes on from its last checkpoint. One
that fails for its own reason is recorded with it, and the others go on.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from time import monotonic

from maedet_tui import logs
from maedet_tui.store.control import wish
from maedet_tui.store.database import FILE as RUN_FILE
from maedet_tui.store.database import StoreError
from maedet_tui.store.reader import RunReader
from maedet_tui.sweep.processes import Died, Lanes
from maedet_tui.sweep.searched import Ended, Search, Task
from maedet_tui.sweep.store import SweepStore

#: seconds between two looks at wishes and signals
LOOK_EVERY = 0.25
#: times that a search may be lost without having got any further in between
MOST_LOST = 3
#: seconds that what could not be recorded is tried for again at the end
PATIENCE = 3.0

_log = logging.getLogger(__name__)


class Driver:
    """One process drives a sweep; it holds the folder's lock.

    trouble: why something could not be recorded, if so.
    """

    def __init__(self, store: SweepStore, lanes: Lanes):
        self.store, self.folder = store, store.folder
        self.trouble: str | None = None
        self._lanes = lanes
        self._waiting: deque[Task] = deque()
        self._running: dict[Future[Ended], Task] = {}
        self._unrecorded: dict[int, Ended] = {}
        self._lost: dict[int, tuple[int, int]] = {}
        self.paused = self.stopping = False

    def run(self, told: Callable[[], object], stopped: Callable[[], bool]) -> None:
        """Search all that has not finished, until that is done or it is stopped.

        told: called some times a second. stopped: asked as often. The lanes are closed at the
        end, however it comes.
        """
        try:
            self._begin()
            while self._running or (self._waiting and not self.stopping):
                self._feed()
                ended, _ = wait(self._running, LOOK_EVERY, FIRST_COMPLETED)
                for future in ended:
                    self._take(future, self._running.pop(future))
                self._record()
                self._lanes.look()
                self._heed()
                if stopped():
                    self._stop()
                told()
        finally:
            self._stop()
            self._lanes.close()
            for future, task in self._running.items():
                if future.done():
                    self._take(future, task)
            self._leave()

    def _begin(self) -> None:
        """Queue what has not finished; what has, whether that was recorded or not, is done."""
        self.store.wishes()  # those of before mean nothing any more
        left: list[Search] = []
        for search in self.store.searches():
            if search.state == "finished":
                continue
            already = None
            # one that cannot be read fails by itself, when it is its turn
            if (self.folder / search.name / RUN_FILE).exists():
                with contextlib.suppress(StoreError):
                    from maedet_tui.sweep.worker import finished

                    already = finished(self.folder / search.name)
            if already is not None:
                self.store.end(search.number, already)
            else:
                left.append(search)
        self.store.set_states([one.number for one in left], "waiting")
        for one in left:
            text = self.store.preset_text(one.number)
            self._waiting.append(Task(one.number, str(self.folder / one.name), text))

    def _feed(self) -> None:
        """Hand over as many searches as there is room for."""
        begun = []
        while self._waiting and len(self._running) < self._lanes.capacity:
            if self.stopping or self.paused:
                break
            task = self._waiting.popleft()
            begun.append(task.number)
            self._running[self._lanes.submit(task)] = task
        if begun:
            self._try(lambda: self.store.set_states(begun, "running"))

    def _take(self, future: Future[Ended], task: Task) -> None:
        """What became of a search that was handed over."""
        try:
            self._unrecorded[task.number] = future.result()
        except Died as died:
            at = _iteration(Path(task.folder))
            before, times = self._lost.get(task.number, (-1, 0))
            times = 1 if at > before else times + 1
            self._lost[task.number] = (at, times)
            if times >= MOST_LOST:
                error = f"{died}, {times} times at iteration {at:,}; is there enough memory?"
                self._unrecorded[task.number] = Ended("failed", iteration=at, error=error)
            elif self.stopping:
                self._unrecorded[task.number] = Ended("stopped", iteration=at)
            else:
                _log.warning("%s; it goes on from iteration %d", died, at)
                self._waiting.appendleft(task)
        except Exception as error:
            said = logs.failure(f"The search in {task.folder} broke off", error)
            self._unrecorded[task.number] = Ended("failed", error=said)

    def _record(self) -> None:
        """Write what has ended; a full disk is tried again with the next look."""
        for number, ended in list(self._unrecorded.items()):
            if not self._try(lambda n=number, e=ended: self.store.end(n, e)):  # type: ignore[misc]
                return
            del self._unrecorded[number]
        self.trouble = None

    def _try(self, write: Callable[[], object]) -> bool:
        try:
            write()
        except StoreError as error:
            self.trouble = str(error)
            return False
        return True

    # --- wishes ---------------------------------------------------------------------

    def _heed(self) -> None:
        with contextlib.suppress(StoreError):
            for word in self.store.wishes():
                if word == "stop":
                    self._stop()
                else:
                    self.paused = word == "pause"
                    pass_on(self._folders(), word)

    def _folders(self) -> Iterable[Path]:
        return (Path(task.folder) for task in self._running.values())

    def _stop(self) -> None:
        if self.stopping:
            return
        self.stopping = True
        self._lanes.stop()
        for future, task in list(self._running.items()):
            if future.cancel():
                del self._running[future]
                self._waiting.appendleft(task)

    def _leave(self) -> None:
        """The last that is recorded: what waits still, and what has not been by now."""
        left = [task.number for task in self._waiting]
        deadline = monotonic() + PATIENCE
        while True:
            self._record()
            if not self._unrecorded and self._try(lambda: self.store.set_states(left, "waiting")):
                return
            if monotonic() > deadline:
                return


def pass_on(folders: Iterable[Path], word: str) -> None:
    """Ask running searches for something; one that has just ended needs no asking."""
    for folder in folders:
        with contextlib.suppress(StoreError):
            wish(folder, word)


def _iteration(folder: Path) -> int:
    """The iteration of a run's last checkpoint, 0 if there is none."""
    with contextlib.suppress(StoreError), contextlib.closing(RunReader(folder)) as reader:
        status = reader.status()
        return status.iteration if status is not None else 0
    return 0
