"""The processors of this machine: their name, and how many of them this process may use."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

_share: int | None = None


def processors() -> int:
    """Those that the system lets this process use."""
    if sys.platform.startswith("linux"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cores() -> int:
    """Those of them that are for this process and what it begins: its share, if it has one."""
    return processors() if _share is None else min(_share, processors())


def share_cores(count: int) -> None:
    """Leave all but so many processors to others, from now on; at least 1."""
    global _share
    _share = max(1, count)


def cpu_name() -> str:
    """As the system gives it, such as "AMD EPYC 7B13"."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
