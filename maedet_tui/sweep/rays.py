"""Searches on a Ray cluster, each a task of it; Ray decides where.

A search writes its run where it runs. Unless that folder is the sweep's own (`shared`, as on a
cluster of this machine alone), the task hands what belongs to the run home at intervals,
so that a lost machine costs no more than these, and takes it along where it goes on.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from maedet_tui.errors import SaveError
from maedet_tui.files import write_atomically
from maedet_tui.store.database import BESIDE, FILE
from maedet_tui.sweep.processes import Died
from maedet_tui.sweep.searched import Ended, Task

#: seconds between two times that a run is handed home, and between two looks at the stop sign
HOME_EVERY, LOOK_EVERY = 10.0, 1.0
#: seconds within which the head of a cluster has to answer
ANSWER_WITHIN = 10.0
#: a cluster of this machine alone, and one that RAY_ADDRESS or a started node names
LOCAL, AUTO = "local", "auto"
#: what belongs to a run, besides its database
_FILES = ("preset.yaml", "best.yaml", "best.txt", "run.log")
#: bytes of a run's file that are brought home
_MOST_BYTES = 1 << 28
#: searches handed over for each processor of the cluster: Ray has one ready where one ends
_AHEAD = 2

Files = dict[str, bytes]


class NoRay(SaveError):
    """A cluster that cannot be used, in one sentence."""


class OnRay:
    """`maedet_tui.sweep.processes.Lanes` of a cluster.

    address: LOCAL begins one of this machine, which only this machine reaches and which ends
    with the sweep; AUTO or host:port joins one. shared: the sweep's folder is the same on all
    machines. gpus: of each search.
    """

    def __init__(self, address: str, jobs: int | None, *, shared: bool = False, gpus: float = 0):
        """Raises NoRay."""
        ray = _imported(address)
        self._ray, self._local = ray, address == LOCAL
        self._shared = shared or self._local
        try:
            _join(ray, address, jobs)
            processors = int(ray.cluster_resources().get("CPU", 1))
        except Exception as error:  # Ray raises whatever went wrong beneath it
            with contextlib.suppress(Exception):
                ray.shutdown()
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise NoRay(f"--ray {address}: no cluster to search on: {said[0][:300]}") from None
        self.capacity = jobs or max(1, _AHEAD * processors)
        self.where = f"{processors} processors of Ray"
        self._sign = ray.remote(num_cpus=0)(_Sign).remote()
        self._search = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=0)(_search)
        # each waits for one task; none of them computes
        self._threads = ThreadPoolExecutor(self.capacity, thread_name_prefix="ray")

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
        stream = self._search.options(num_returns="streaming").remote(
            task, packed, self._shared, self._sign
        )
        ended: Ended | None = None
        try:
            for ref in stream:
                came = self._ray.get(ref)
                if isinstance(came, Ended):
                    ended = came
                else:
                    unpack(came, home)
        except self._ray.exceptions.RayTaskError:
            raise  # a mistake of ours, whose traceback Ray has brought along
        except self._ray.exceptions.RayError as error:
            said = str(error).strip().splitlines()[0][:200]
            raise Died(
                f"the machine or process that searched {task.folder} is gone ({said})"
            ) from None
        if ended is None:
            raise Died(f"the search in {task.folder} ended without a word")
        return ended


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


def _search(task: Task, packed: Files, shared: bool, sign: Any) -> Iterator[Files | Ended]:
    """On the cluster: search, and yield what is to be brought home, then how it ended."""
    from maedet_tui.sweep.worker import search

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
            if not shared:
                yield pack(folder)
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


def pack(folder: Path) -> Files:
    """What belongs to a run: its database as of one moment, and the files beside it."""
    found: Files = {}
    if (folder / FILE).exists():
        copy = folder / f".{FILE}.home"
        with contextlib.suppress(sqlite3.Error, OSError):
            with (
                contextlib.closing(sqlite3.connect(folder / FILE, timeout=5)) as here,
                contextlib.closing(sqlite3.connect(copy)) as there,
            ):
                here.backup(there)
            found[FILE] = copy.read_bytes()
        with contextlib.suppress(OSError):
            copy.unlink()
    for name in _FILES:
        path = folder / name
        with contextlib.suppress(OSError):
            if path.stat().st_size <= _MOST_BYTES:
                found[name] = path.read_bytes()
    return found


def unpack(files: Files, folder: Path) -> None:
    """Write what came home, each file as a whole. Raises SaveError."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    for name in (FILE, *_FILES):  # of no other name, whatever the cluster says
        if (content := files.get(name)) is not None:
            if name == FILE:  # its log would be taken for the new one's
                for beside in BESIDE:
                    (folder / beside).unlink(missing_ok=True)
            write_atomically(folder / name, content, private=True)


def _imported(address: str) -> Any:
    """Ray, its token in place. Raises NoRay."""
    if address == LOCAL:
        # read when Ray is imported; of this cluster alone, and nowhere written down
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    elif "RAY_AUTH_TOKEN" in os.environ:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise NoRay("--ray needs Ray: pip install 'maedet-tui[ray]'") from None
    return ray


def _join(ray: Any, address: str, jobs: int | None) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == LOCAL:
        ray.init(
            address="local",
            num_cpus=jobs or os.cpu_count() or 1,
            include_dashboard=False,
            _node_ip_address="127.0.0.1",
            **quiet,
        )
    else:
        if address != AUTO:
            # Ray itself tries for minutes
            host, _, port = address.rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), ANSWER_WITHIN).close()
        ray.init(address=address, **quiet)
