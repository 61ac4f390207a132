"""Searches on a Ray cluster, each a task of it; Ray decides where.

A search writes its run where it runs. Unless that folder is the sweep's own (`shared`, as on a
cluster of this machine alone), the task hands what belongs to the run home at intervals,
so that a lost machine costs no more than these, and takes it along where it goes on. One that
says nothing for some of these intervals is taken for lost: Ray itself may take minutes.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from maedet_tui.cluster.joining import LOCAL, NoRay, joined, said
from maedet_tui.sweep.home import Files, pack, unpack
from maedet_tui.sweep.processes import Died
from maedet_tui.sweep.searched import Ended, Task

#: seconds between two times that a run is handed home, and between two looks at the stop sign
HOME_EVERY, LOOK_EVERY = 5.0, 1.0
#: seconds of silence after which a search that had begun is taken for lost
SILENT = 20.0
#: searches handed over for each processor of the cluster: Ray has one ready where one ends
_AHEAD = 2

Work = Callable[[Task], Ended]


class OnRay:
    """`maedet_tui.sweep.processes.Lanes` of a cluster.

    address, jobs: as for `maedet_tui.cluster.joining.joined`. shared: the sweep's folder is the
    same on all machines. gpus, processors: of each search. work: done in the place of a search.
    """

    def __init__(
        self,
        address: str,
        jobs: int | None,
        *,
        shared: bool = False,
        gpus: float = 0,
        processors: int = 1,
        work: Work | None = None,
    ):
        """Raises NoRay."""
        self._ray = ray = joined(address, None if jobs is None else jobs * processors)
        self._shared = shared or address == LOCAL
        there = ray.cluster_resources()
        found, devices = int(there.get("CPU", 1)), float(there.get("GPU", 0))
        if address == LOCAL and devices < gpus:
            ray.shutdown()
            raise NoRay(f"--gpus {gpus:g}: Ray finds {devices:g} GPUs here; leave --gpus out")
        self._refuse_narrow(processors)
        room = found // processors
        room = min(room, int(devices / gpus)) if devices and gpus else room
        self.capacity = jobs or max(1, _AHEAD * room)
        self.where = f"{found} processors of Ray"
        self._sign = ray.remote(num_cpus=0)(_Sign).remote()
        self._search = ray.remote(num_cpus=processors, num_gpus=gpus, max_retries=0)(_search)
        self._work = work
        self._silent: set[str] = set()
        self._turn = itertools.count()
        # each waits for one task; none of them computes
        self._threads = ThreadPoolExecutor(self.capacity, thread_name_prefix="ray")

    def _refuse_narrow(self, processors: int) -> None:
        """Raise NoRay where no machine has so many; Ray would wait for one that never comes."""
        most = max(
            (int(node["Resources"].get("CPU", 0)) for node in self._ray.nodes() if node["Alive"]),
            default=0,
        )
        if processors > max(most, 1):
            self._ray.shutdown()
            raise NoRay(
                f"each search has {processors} workers, and the largest machine of the cluster "
                f"{most} processors; write `workers: {max(most, 1)}` or fewer"
            )

    def submit(self, task: Task) -> Future[Ended]:
        return self._threads.submit(self._wait, task)

    def look(self) -> None:
        """Nothing to do: threads wait for what comes home."""

    def stop(self) -> None:
        with contextlib.suppress(Exception):  # a cluster that is gone has stopped
            self._sign.set.remote()

    def close(self) -> None:
        self._threads.shutdown()
        with contextlib.suppress(Exception):
            self._ray.kill(self._sign)
        self._ray.shutdown()

    def _wait(self, task: Task) -> Ended:
        """Search one on the cluster, taking what comes home."""
        home = Path(task.folder).absolute()
        task = task._replace(folder=str(home))
        packed = {} if self._shared else pack(home)
        stream = self._search.options(
            num_returns="streaming", scheduling_strategy=self._elsewhere()
        ).remote(task, packed, self._shared, self._sign, _ours(), self._work)
        try:
            for came in self._coming(stream):
                if isinstance(came, Ended):
                    return came
                if came:
                    unpack(came, home)
        except self._ray.exceptions.RayTaskError as error:
            if "failed to import" in str(error) or isinstance(error.cause, ImportError):
                return Ended("failed", error=_ABSENT)
            raise  # a mistake of ours, whose traceback Ray has brought along
        except self._ray.exceptions.RayError as error:
            raise Died(
                f"the machine or process that searched {task.folder} is gone ({said(error)})"
            ) from None
        raise Died(f"the search in {task.folder} ended without a word")

    def _coming(self, stream: Any) -> Iterator[Files | Ended]:
        """What a search hands home. Raises Died where one that had begun falls silent."""
        ray, node = self._ray, None
        while True:
            # one that waits for its turn has nothing to say
            ready, _ = ray.wait([stream], timeout=None if node is None else SILENT)
            if not ready:
                break
            try:
                came = ray.get(next(stream), timeout=SILENT)
            except StopIteration:
                return
            except ray.exceptions.GetTimeoutError:
                break
            if isinstance(came, str):
                node = came
            else:
                yield came
        if node is not None:
            self._silent.add(node)
        with contextlib.suppress(Exception):
            ray.cancel(stream, force=True)
        raise Died(f"nothing was heard of the machine that searches for {SILENT:.0f} s")

    def _elsewhere(self) -> Any:
        """Where Ray is to search: wherever it likes, but for machines that have fallen silent."""
        others = self._heard_of()
        if not self._silent or not others:
            return "DEFAULT"
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        return NodeAffinitySchedulingStrategy(others[next(self._turn) % len(others)], soft=True)

    def _heard_of(self) -> list[str]:
        """Nodes that are there as far as Ray knows, but for those that have fallen silent."""
        nodes = [node["NodeID"] for node in self._ray.nodes() if node["Alive"]]
        return [node for node in nodes if node not in self._silent]


class _Sign:
    """The stop sign that all searches of a sweep look at."""

    def __init__(self) -> None:
        self._up = False

    def set(self) -> None:
        """Put it up."""
        self._up = True

    def is_up(self) -> bool:
        """Whether searches are to stop."""
        return self._up


def _ours() -> str:
    """The version of maedet-tui on this machine."""
    return version("maedet-tui")


_ABSENT = (
    "maedet-tui is not installed on the machine that was to search; install the same version on "
    "all machines of the cluster"
)


def _search(
    task: Task, packed: Files, shared: bool, sign: Any, wanted: str, work: Work | None
) -> Iterator[str | Files | Ended]:
    """On the cluster: yield which machine this is, what is to be brought home as the search goes
    on, then how it ended. wanted: version of who asks. work: as for `OnRay`."""
    import ray

    from engine.processor import share_cores
    from maedet_tui.sweep.worker import search

    here = ray.get_runtime_context()
    share_cores(int(here.get_assigned_resources().get("CPU", 1)))
    yield str(here.get_node_id())
    if _ours() != wanted:
        yield Ended(
            "failed",
            error=f"maedet-tui is {_ours()} on the machine that was to search and {wanted} here; "
            "install the same version on all machines of the cluster",
        )
        return
    if work is not None:
        yield work(task)
        return

    scratch = None if shared else Path(tempfile.mkdtemp(prefix="maedet-sweep-"))
    folder = Path(task.folder) if scratch is None else scratch / Path(task.folder).name
    if packed:
        folder.mkdir(mode=0o700)
        unpack(packed, folder)
    ended: list[Ended] = []
    stopped = _Stopped(sign)
    thread = threading.Thread(
        target=lambda: ended.append(
            search(task._replace(folder=str(folder)), stopped, lambda: None)
        )
    )
    thread.start()
    try:
        while thread.is_alive():
            thread.join(HOME_EVERY)
            yield {} if shared else pack(folder)
        yield ended[0] if ended else Ended("failed", error="the search broke off; see its log")
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)


class _Stopped:
    """Whether the sign is up, asked of the cluster once a second."""

    def __init__(self, sign: Any):
        self._sign, self._next, self._up = sign, 0.0, False

    def __call__(self) -> bool:
        if not self._up and time.monotonic() >= self._next:
            import ray

            self._next = time.monotonic() + LOOK_EVERY
            try:
                self._up = bool(ray.get(self._sign.is_up.remote(), timeout=5))
            except ray.exceptions.GetTimeoutError:
                pass
            except ray.exceptions.RayError:  # nobody is left to search for
                self._up = True
        return self._up
