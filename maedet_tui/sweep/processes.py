"""Searches on this machine: so many lanes, each a process that searches one after the other.

The standard library's executors do all of it. A pool of several processes is broken as a whole
when one of them dies; here each lane has a pool of one, so that the others go on.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Protocol

from engine.processor import processors, share_cores
from maedet_tui import logs
from maedet_tui.sweep.searched import Ended, Task

if TYPE_CHECKING:  # of one start method, whichever it is
    from multiprocessing.synchronize import Event

#: seconds that a search whose driver has died is given to save what it has
LAST_WORDS = 10.0


class Died(Exception):
    """A process was gone before it had ended its search. What it had recorded is kept."""


class Lanes(Protocol):
    """Where searches run.

    capacity: how many are handed over at a time, at most. where: in words.
    """

    capacity: int
    where: str

    def submit(self, task: Task) -> Future[Ended]:
        """Search, as soon as there is room. The future raises Died, or what broke."""

    def look(self) -> None:
        """Called some times a second."""

    def stop(self) -> None:
        """Have all searches stop, with what they have saved; does not wait for that."""

    def close(self) -> None:
        """Wait for what is under way, and leave no process behind."""


def search_here(task: Task) -> Ended:
    """Search in this process, which `_begin` has begun."""
    # not for the driver, which imports nothing of what a search needs
    from maedet_tui.sweep.worker import search

    return search(task, asked_to_stop, lambda: None)


class Processes:
    """`Lanes` of this machine. work: what each process does with a task, a search unless it is
    another kind of task, which has a `folder` too and of which work makes what submit gives."""

    def __init__(self, jobs: int, work: Callable[[Any], Any] = search_here):
        self._work = work
        self.capacity, self.where = jobs, f"{jobs} process{'es' if jobs > 1 else ''} here"
        # a fresh interpreter: torch's threads do not survive a fork
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Event()
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="lane")
        self._here = threading.local()
        self._pools: list[ProcessPoolExecutor] = []

    def submit(self, task: Any) -> Future[Any]:
        return self._threads.submit(self._search, task)

    def look(self) -> None:
        """Nothing to do: processes write where everybody reads."""

    def stop(self) -> None:
        self._stop.set()

    def close(self) -> None:
        self._threads.shutdown()
        for pool in self._pools:
            pool.shutdown()

    def _search(self, task: Any) -> Any:
        pool: ProcessPoolExecutor | None = getattr(self._here, "pool", None)
        if pool is None:
            begun = (self._stop, logs.level(), max(1, processors() // self.capacity))
            pool = ProcessPoolExecutor(1, self._context, _begin, begun)
            self._here.pool = pool
            self._pools.append(pool)
        try:
            return pool.submit(self._work, task).result()
        except BrokenProcessPool:
            self._here.pool = None
            self._pools.remove(pool)
            pool.shutdown(wait=False)
            raise Died(f"the process that was at {task.folder} was killed") from None


_asked: Event | None = None
_signalled = threading.Event()


def _begin(stop: Event, level: str, share: int) -> None:
    """In a new process: Ctrl+C is the driver's to hear, its end is everybody's. share: of the
    processors, for what this process begins."""
    global _asked
    share_cores(share)
    _asked = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: _signalled.set())
    with contextlib.suppress(AttributeError):  # Windows
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    logs.begin(level)
    threading.Thread(target=_end_with_the_driver, daemon=True).start()


def asked_to_stop() -> bool:
    """In a process of a lane: whether what it is at is to stop, with what it has."""
    return _signalled.is_set() or (_asked is not None and _asked.is_set())


def _end_with_the_driver() -> None:
    """A killed driver sets no event, and nobody waits for what is searched on."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    _signalled.set()
    time.sleep(LAST_WORDS)
    os._exit(1)
