"""Many pieces of work on all cores, each in a process that ends with its parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:  # of one start method, whichever it is
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Event

#: seconds between two signs of life of a piece of work
INTERVAL = 0.5

Piece = TypeVar("Piece", bound=Hashable)
Result = TypeVar("Result")
#: told how far it is, a piece asks whether it is to stop, which makes its result None
Told = Callable[[int], None]
Stopped = Callable[[], bool]
Work = Callable[[Piece, Told, Stopped], "Result | None"]
#: told (pieces done, all, those that run now and how far each is)
Progress = Callable[[int, int, Mapping[Piece, int]], None]


def each(
    work: Work[Piece, Result],
    pieces: Iterable[Piece],
    progress: Progress[Piece],
    found: dict[Piece, Result],
) -> None:
    """Do each different piece once, on all cores; `work` is a function of a module.

    found: filled as pieces end, so that those are kept if this is interrupted.
    """
    different = list(dict.fromkeys(pieces))
    total = len(different)
    progress(0, total, {})
    if not different:
        return
    # a fresh interpreter: torch's threads do not survive a fork
    context = multiprocessing.get_context("spawn")
    stop, words = context.Event(), context.Queue()
    workers = min(total, os.cpu_count() or 1)
    done = 0
    with ProcessPoolExecutor(workers, context, _begin, (stop, words)) as pool:
        futures = {pool.submit(_work, work, piece): piece for piece in different}
        running: dict[Piece, int] = {}
        pending = set(futures)
        try:
            while pending:
                ended, pending = wait(pending, INTERVAL / 2, FIRST_COMPLETED)
                while not words.empty():
                    piece, reached = words.get()
                    running[piece] = reached
                for future in ended:
                    if (result := future.result()) is not None:
                        found[futures[future]] = result
                        done += 1
                for piece in found:
                    running.pop(piece, None)
                progress(done, total, running)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Parent(NamedTuple):
    """How a process hears of its parent, and is heard by it."""

    stop: Event
    words: Queue[tuple[Any, int]]


_parent: _Parent | None = None


def _begin(stop: Event, words: Queue[tuple[Any, int]]) -> None:
    """In a new process: Ctrl-C is the parent's to hear, its end is everybody's."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    global _parent
    _parent = _Parent(stop, words)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(work: Work[Any, Any], piece: Any) -> Any:
    assert _parent is not None  # the pool begins each process with `_begin`
    stop, words = _parent
    return work(piece, lambda reached: words.put((piece, reached)), stop.is_set)


def _end_with_the_parent() -> None:
    """A killed parent sets no event, and nobody waits for what is worked on."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
