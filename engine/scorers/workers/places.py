"""Where a worker is: a process of this machine, or whatever else can be asked like one."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol

from engine.processor import cores, processors
from engine.scorers.base import Cancelled
from engine.scorers.factory import resolve_device
from engine.scorers.workers.seats import Seats, leave
from engine.scorers.workers.worker import Worker

#: threads of a worker, each of which makes a pass by itself: with more of them several would
#: share one, whose sums would then depend on how many workers there are
MOST_THREADS = 8
#: characters of what a lost process has said last, for the log
MOST_SAID = 4000
#: seconds between two looks at whether there is room for another worker
ROOM_EVERY = 1.0
CROWDED = (
    "workers of other searches are at this machine's processors ({processors}): not all workers "
    "are up yet, and the rest join in when those end"
)


class Gone(Exception):
    """A worker was gone before it had answered. `said`: its last words, if there were any."""

    def __init__(self, why: str, said: str = ""):
        super().__init__(why)
        self.said = said


class Place(Protocol):
    """One worker, begun."""

    def ask(self, method: str, *arguments: Any) -> Future[Any]:
        """Have it call a method of `Worker`. The future raises what that raises, and Gone."""

    def call_off(self, call: int) -> None:
        """Have work up to that number raise Cancelled soon."""

    def end(self) -> None:
        """End it, whatever it is at."""


class Places(Protocol):
    """Where workers can be. crowded: why not all of them are up at once, as a sentence; empty if
    they are."""

    crowded: str

    def begin(self, number: int) -> Place:
        """Begin a worker. Raises ScoringError where none can be."""

    def close(self) -> None:
        """All workers have ended."""


#: makes them for so many workers, and a device ("auto", "cpu" or "cuda"). Raises ScoringError
MakePlaces = Callable[[int, str], Places]


class Here:
    """`Places` of this machine: processes that share its cores, or its GPUs in turn.

    On a CPU, the first is begun at once, and each further one as soon as the workers of other
    searches have left it room. Raises ScoringError for a device that is absent.
    """

    def __init__(self, count: int, device: str):
        self._threads = max(1, min(MOST_THREADS, cores() // count))
        self._gpus = _gpus() if resolve_device(device) == "cuda" else []
        # more than there are processors only for who has asked for as many by itself
        self._seats = Seats(max(processors(), count))
        self._taken: dict[int, list[int]] = {}
        self._taking = threading.Lock()
        self.crowded = ""

    def begin(self, number: int) -> Place:
        if self._gpus:
            return _Process(self._threads, self._gpus[number % len(self._gpus)])
        if self._room(number) or number == 0:
            return _Process(self._threads, None)
        self.crowded = CROWDED.format(processors=processors())
        return _Later(lambda: self._room(number), lambda: _Process(self._threads, None))

    def close(self) -> None:
        for seats in self._taken.values():
            leave(seats)

    def _room(self, number: int) -> bool:
        """Whether there is a seat for each thread of a worker, which then has them. The first
        worker, which waits for none, comes before all others."""
        with self._taking:
            for one in dict.fromkeys((0, number)):
                seats = self._taken.setdefault(one, [])
                seats += self._seats.take(self._threads - len(seats))
                if len(seats) < self._threads:
                    if one:
                        leave(seats)
                    return False
            return True


class _Later:
    """A worker that is begun once there is room. Nothing but to `prepare` is asked of it before."""

    def __init__(self, room: Callable[[], bool], make: Callable[[], Place]):
        self._room, self._make = room, make
        self._place: Place | None = None
        self._over, self._beginning = threading.Event(), threading.Lock()

    def ask(self, method: str, *arguments: Any) -> Future[Any]:
        if self._place is not None:
            return self._place.ask(method, *arguments)
        answer: Future[Any] = Future()
        threading.Thread(
            target=self._wait, args=(answer, method, arguments), name="seat", daemon=True
        ).start()
        return answer

    def call_off(self, call: int) -> None:
        if self._place is not None:
            self._place.call_off(call)

    def end(self) -> None:
        with self._beginning:
            self._over.set()
        if self._place is not None:
            self._place.end()

    def _wait(self, answer: Future[Any], method: str, arguments: tuple[Any, ...]) -> None:
        while not self._over.wait(ROOM_EVERY):
            with self._beginning:
                if self._over.is_set() or not self._room():
                    continue
                self._place = self._make()
            try:
                asked = self._place.ask(method, *arguments)
            except Cancelled as error:
                answer.set_exception(error)
            else:
                asked.add_done_callback(lambda done: _pass_on(done, answer, lambda: None))
            return
        answer.set_exception(Cancelled())


class _Process:
    """A worker in a pool of its own: one that dies breaks the whole pool that it is in."""

    def __init__(self, threads: int, gpu: str | None):
        # a fresh interpreter: torch's threads do not survive a fork
        context = multiprocessing.get_context("spawn")
        self._called_off, self._pid = (context.Value("Q", 0, lock=False) for _ in range(2))
        handle, name = tempfile.mkstemp(prefix="maedet-worker-")
        os.close(handle)
        self._log = Path(name)
        self._pool = ProcessPoolExecutor(
            1, context, _begin, (threads, gpu, self._called_off, self._pid, str(self._log))
        )

    def ask(self, method: str, *arguments: Any) -> Future[Any]:
        answer: Future[Any] = Future()
        try:
            asked = self._pool.submit(_do, method, arguments)
        except BrokenProcessPool:
            answer.set_exception(self._gone())
            return answer
        except RuntimeError:  # the interpreter ends, and nobody waits for scores any more
            raise Cancelled from None
        asked.add_done_callback(lambda done: _pass_on(done, answer, self._gone))
        return answer

    def call_off(self, call: int) -> None:
        self._called_off.value = call

    def end(self) -> None:
        for child in multiprocessing.active_children():
            if child.pid == self._pid.value:
                child.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._log.unlink(missing_ok=True)

    def _gone(self) -> Gone:
        said = ""
        with contextlib.suppress(OSError):
            said = self._log.read_text(errors="replace")[-MOST_SAID:]
        return Gone("its process was killed, or broke down", said)


def _gpus() -> list[str]:
    """The GPUs that this process sees, as CUDA_VISIBLE_DEVICES names them."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named:
        return named.split(",")
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]


def _pass_on(done: Future[Any], answer: Future[Any], gone: Any) -> None:
    """What has become of a call, with Gone in the place of a broken pool."""
    if done.cancelled():
        answer.set_exception(Cancelled())
    elif (error := done.exception()) is None:
        answer.set_result(done.result())
    else:
        answer.set_exception(gone() if isinstance(error, BrokenProcessPool) else error)


# --- in the worker's process ------------------------------------------------------------

_worker: Worker | None = None


def _begin(threads: int, gpu: str | None, called_off: Any, pid: Any, log: str) -> None:
    """In a new process: it is the other one's to hear signals, and to end."""
    global _worker
    pid.value = os.getpid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError):  # Windows
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # what libraries print would be drawn over a screen
    handle = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu  # read once, before the first use of a GPU
    threading.Thread(target=_end_with_the_search, args=(log,), daemon=True).start()
    _worker = Worker(threads, lambda: int(called_off.value))


def _do(method: str, arguments: tuple[Any, ...]) -> Any:
    return getattr(_worker, method)(*arguments)


def _end_with_the_search(log: str) -> None:
    """A killed search tells nobody, and nobody waits for its scores."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    with contextlib.suppress(OSError):
        os.unlink(log)
    os._exit(1)
