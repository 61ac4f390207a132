"""Workers of one search as actors of a cluster; Ray decides where each of them is."""

from __future__ import annotations

import contextlib
from concurrent.futures import Future
from functools import partial
from typing import Any

from engine.scorers.base import ScoringError
from engine.scorers.workers.places import MOST_THREADS, Gone, MakePlaces, Place
from engine.scorers.workers.worker import Worker
from maedet_tui.cluster.joining import NoRay, joined, said


def on_cluster(address: str) -> MakePlaces:
    """Makes the places of a cluster, for which it is joined; see `joining.joined`."""
    return partial(Cluster, address)


class Cluster:
    """`engine.scorers.workers.places.Places` of a cluster.

    A worker has one GPU where the device is "cuda", or "auto" and the cluster has some; else so
    many processors as there are for each, at most MOST_THREADS. Raises ScoringError.
    """

    #: Ray tells of no room by itself
    crowded = ""

    def __init__(self, address: str, count: int, device: str):
        try:
            self._ray = ray = joined(address)
        except NoRay as error:
            raise ScoringError(str(error)) from None
        there = ray.cluster_resources()
        self._gpus = int(device == "cuda" or (device == "auto" and there.get("GPU", 0) >= 1))
        threads = max(1, min(MOST_THREADS, int(there.get("CPU", 1)) // count))
        self._threads = 1 if self._gpus else threads
        # one call at a time works, and a second may call it off
        self._actor = ray.remote(
            num_cpus=self._threads, num_gpus=self._gpus, max_concurrency=2, max_restarts=0
        )(Actor)

    def begin(self, number: int) -> Place:
        return _Place(self._ray, self._actor.remote(self._threads))

    def close(self) -> None:
        self._ray.shutdown()


class Actor:
    """A worker as Ray calls it, on whichever machine."""

    def __init__(self, threads: int):
        self._off = 0
        self._worker = Worker(threads, lambda: self._off)

    def ask(self, method: str, arguments: tuple[Any, ...]) -> Any:
        """Call a method of the worker."""
        return getattr(self._worker, method)(*arguments)

    def call_off(self, call: int) -> None:
        """Nobody waits for work up to that number any more."""
        self._off = call


class _Place:
    def __init__(self, ray: Any, actor: Any):
        self._ray, self._actor = ray, actor

    def ask(self, method: str, *arguments: Any) -> Future[Any]:
        answer: Future[Any] = Future()
        asked: Future[Any] = self._actor.ask.remote(method, arguments).future()
        asked.add_done_callback(lambda done: _pass_on(self._ray, done, answer))
        return answer

    def call_off(self, call: int) -> None:
        self._actor.call_off.remote(call)

    def end(self) -> None:
        with contextlib.suppress(Exception):  # a cluster that is gone has ended it
            self._ray.kill(self._actor)


def _pass_on(ray: Any, done: Future[Any], answer: Future[Any]) -> None:
    """What has become of a call, with Gone for an actor that is, and its own exception for one
    that failed, whose traceback Ray has brought along."""
    try:
        answer.set_result(done.result())
    except ray.exceptions.RayTaskError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, Exception):
            cause.__cause__ = error
            answer.set_exception(cause)
        else:
            answer.set_exception(error)
    except ray.exceptions.RayError as error:
        answer.set_exception(Gone(said(error)))
    except BaseException as error:  # of a future that was given up
        answer.set_exception(error)
