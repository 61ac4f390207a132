"""The processor's own name, for those who want it without torch."""

from __future__ import annotations

import platform
from pathlib import Path


def cpu_name() -> str:
    """As the system gives it, such as "AMD EPYC 7B13"."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
