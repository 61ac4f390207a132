"""How busy a searching process keeps the machine: processors, memory, and the GPU."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gpu:
    """name: of the device. used, total: bytes of its memory. busy: percent of the time that
    it computes, None where its driver is not asked."""

    name: str
    used: int
    total: int
    busy: int | None


@dataclass(frozen=True, slots=True)
class Load:
    """cores: processors kept busy, on average since the last look, None before the second.
    of: processors there are. memory, total: bytes held, and bytes there are. None is what
    this system does not tell."""

    cores: float | None
    of: int
    memory: int | None
    total: int | None
    gpu: Gpu | None = None


class LoadMeter:
    """Looks at one process: this one, or another one of this machine. workers: those that it has
    begun count too."""

    def __init__(self, pid: int | None = None, workers: bool = False):
        self._pid, self._workers = pid or os.getpid(), workers
        self._last: tuple[float, float] | None = None

    def look(self) -> Load:
        """The load since the last look."""
        # a dashboard is there before its numbers are
        import psutil

        now, used, memory, cores = time.monotonic(), None, None, None
        # gone, or another user's
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self._pid)
            with process.oneshot():
                spent = process.cpu_times()
                used, memory = spent.user + spent.system, process.memory_info().rss
            for one in process.children(recursive=True) if self._workers else ():
                with contextlib.suppress(psutil.Error):  # it has just ended
                    spent, held = one.cpu_times(), one.memory_info().rss
                    used, memory = used + spent.user + spent.system, memory + held
        if used is not None and self._last is not None and now > self._last[0]:
            cores = max(used - self._last[1], 0.0) / (now - self._last[0])
        self._last = None if used is None else (now, used)
        gpu = _gpu() if self._pid == os.getpid() else None
        return Load(cores, processors(), memory, psutil.virtual_memory().total, gpu)


def processors() -> int:
    """Processors that there are."""
    return os.cpu_count() or 1


def _gpu() -> Gpu | None:
    """The GPU that this process already uses through torch; torch is never imported for it."""
    torch = sys.modules.get("torch")
    try:
        if torch is None or not torch.cuda.is_initialized():
            return None
        free, total = torch.cuda.mem_get_info()
        name = torch.cuda.get_device_name()
    except Exception:  # half imported, or a driver of its own mind: nothing to show then
        return None
    busy = None
    with contextlib.suppress(Exception):  # needs a package of NVIDIA's
        busy = torch.cuda.utilization()
    return Gpu(name, total - free, total, busy)
