"""Several passes in flight at once: threads on a CPU, streams on a GPU.

On a CPU each pass has a thread to itself. Dividing each of its small convolutions
among all cores would make the cores wait for each other hundreds of times per pass,
and for whatever else runs on one of them. On a GPU one thread issues the passes, to
streams in turn: a map of 12x12 keeps few of its units busy.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from concurrent.futures.thread import BrokenThreadPool
from threading import Barrier, BrokenBarrierError, Lock
from typing import Protocol, TypeVar

import torch

from engine.scorers.base import Cancelled, Stop

_log = logging.getLogger(__name__)

#: passes whose kernels may overlap on a GPU; `python -m benchmarks gpu` tries others
STREAMS = 4
#: threads that make passes on a CPU; with more cores each has several
MOST_THREADS = 8

Result = TypeVar("Result")


class Lanes(Protocol):
    """Runs passes side by side. `count`: how many at most."""

    count: int

    def run(
        self, jobs: Sequence[Callable[[Stop], Result]], lanes: int, cancelled: Stop
    ) -> list[Result]:
        """Results of all jobs, on at most `lanes` lanes; the first exception is passed on.

        Each job is given what it must poll: `cancelled`, or another job's failure.
        """

    def close(self) -> None:
        """End the threads, if there are any; they are started again when needed."""

    def mark(self) -> torch.cuda.Event | None:
        """The present end of this lane's work."""

    def hand_over(self, tensor: torch.Tensor, mark: torch.cuda.Event | None) -> None:
        """Let this lane read a tensor that was complete at `mark` in another."""


def lanes_for(device: torch.device, streams: int = STREAMS) -> Lanes:
    """Streams of a GPU, or threads of the CPU."""
    return StreamLanes(device, streams) if device.type == "cuda" else ThreadLanes()


class ThreadLanes:
    """CPU threads, started at the first use, with an equal share of torch's threads each."""

    def __init__(self) -> None:
        threads = torch.get_num_threads()
        self.count = min(threads, MOST_THREADS)
        self._share = threads // self.count
        self._executor: ThreadPoolExecutor | None = None

    def run(
        self, jobs: Sequence[Callable[[Stop], Result]], lanes: int, cancelled: Stop
    ) -> list[Result]:
        if self._executor is None:
            self._executor = self._start()
        results: dict[int, Result] = {}
        failures: list[BaseException] = []
        numbers = iter(range(len(jobs)))
        lock = Lock()

        def stop() -> bool:
            return bool(failures) or cancelled()

        def work() -> None:
            while not failures:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                try:
                    with torch.inference_mode():
                        results[number] = jobs[number](stop)
                except BaseException as error:
                    failures.append(error)

        running = [self._executor.submit(work) for _ in range(min(lanes, len(jobs)))]
        try:
            wait(running)
        except BaseException as error:  # an interrupt of the waiting thread stops the others
            failures.insert(0, error)
            wait(running)
        for further in failures[1:]:
            if not isinstance(further, Cancelled):
                _log.error("a pass beside one that failed did too", exc_info=further)
        if failures:
            first = failures[0]
            # its frames hold this list, and the maps of a pass: no circle may keep them
            failures.clear()
            try:
                raise first
            finally:
                del first
        return [results[number] for number in range(len(jobs))]

    def close(self) -> None:
        if self._executor is not None:
            executor, self._executor = self._executor, None
            executor.shutdown()

    def mark(self) -> None:
        return None

    def hand_over(self, tensor: torch.Tensor, mark: torch.cuda.Event | None) -> None:
        pass

    def _start(self) -> ThreadPoolExecutor:
        started, failures = Barrier(self.count + 1), list[BaseException]()

        def begin() -> None:
            try:
                torch.get_num_threads()  # without it, torch undoes the next line in this thread
                torch.set_num_threads(self._share)
            except BaseException as error:
                failures.append(error)
                started.abort()  # or all others would wait for this one
                raise
            started.wait()

        threads = torch.get_num_threads()
        executor = ThreadPoolExecutor(self.count, "forward-pass", begin)
        try:
            for _ in range(self.count):
                executor.submit(int)
            started.wait()
        except (BrokenBarrierError, BrokenThreadPool):
            executor.shutdown(wait=False)
            raise failures[0] from None
        # `set_num_threads` is for the calling thread, and for those that torch meets later
        torch.set_num_threads(threads)
        return executor


class StreamLanes:
    """CUDA streams. Nothing here makes the issuing thread wait for the device."""

    def __init__(self, device: torch.device, count: int = STREAMS) -> None:
        self.device = device
        self.count = count
        self._streams = [torch.cuda.Stream(device) for _ in range(count)]

    def run(
        self, jobs: Sequence[Callable[[Stop], Result]], lanes: int, cancelled: Stop
    ) -> list[Result]:
        results = []
        with torch.inference_mode():
            # torch's streams do not wait for the default one by themselves, on which the
            # caller may have made what the jobs read
            for stream in self._streams:
                stream.wait_stream(torch.cuda.current_stream(self.device))
            try:
                for number, job in enumerate(jobs):
                    with torch.cuda.stream(self._streams[number % lanes]):
                        results.append(job(cancelled))
            finally:  # also when cancelled: the thread's own stream follows all others
                for stream in self._streams:
                    torch.cuda.current_stream(self.device).wait_stream(stream)
        return results

    def close(self) -> None:
        pass

    def mark(self) -> torch.cuda.Event:
        event: torch.cuda.Event = torch.cuda.current_stream(self.device).record_event()
        return event

    def hand_over(self, tensor: torch.Tensor, mark: torch.cuda.Event | None) -> None:
        if mark is not None:
            stream = torch.cuda.current_stream(self.device)
            stream.wait_event(mark)
            # keeps the memory from being given out again before this lane has read it
            tensor.record_stream(stream)
