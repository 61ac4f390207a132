"""The device that a search would find, told without importing torch into this process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from engine.processor import cpu_name
from engine.scorers.factory import DRIVERS as _DRIVERS

#: what torch makes of it; importing it here would hold the screen up for seconds
_ASK = """
import torch
if torch.cuda.is_available():
    print(torch.cuda.get_device_name())
"""
#: seconds that torch is given to answer
PATIENCE = 60.0


def found(ask: Callable[[], str | None] | None = None) -> str:
    """The GPU's name, or the processor's and that there is no GPU; may take seconds.

    ask: gives the name of the GPU that torch finds, None for none.
    """
    if may_have_gpu() and (name := (ask or _ask_torch)()):
        return name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cpu_name()}, {cores} core{'s' if cores != 1 else ''}, no GPU"


def may_have_gpu() -> bool:
    """False where it is certain that torch would find none."""
    return not sys.platform.startswith("linux") or any(Path(path).exists() for path in _DRIVERS)


def _ask_torch() -> str | None:
    try:
        answer = subprocess.run(
            [sys.executable, "-c", _ASK],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None
