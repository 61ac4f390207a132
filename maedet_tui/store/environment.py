"""In which environment a process searches, for whoever compares two results later."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import sys
from typing import Any

from engine.settings import Preset


def environment(preset: Preset) -> dict[str, Any]:
    """What a result depends on besides the preset, as plain data."""
    # a search's first paint is there before it begins
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for package in ("maedet-tui", "numpy", "torch"):
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {
        "versions": {"python": platform.python_version(), **versions},
        "platform": platform.platform(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "command": sys.argv[:1] + sys.argv[1:][:50],
        "seed": preset.schedule.seed,
        "scorer_asked": preset.scorer,
        "device_asked": preset.device,
    }
