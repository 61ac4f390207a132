"""How many searches of a sweep there is room for at a time, where each may have workers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.processor import processors
from engine.scorers.factory import cuda_available, makes_passes_by
from maedet_tui.sweep.varied import SweepError

#: keys of a preset as it is kept, one a line
_KEYS = re.compile(r"^(workers|scorer|device): (\S+)$", re.MULTILINE)


def most_workers(presets: Iterable[str]) -> int:
    """Processors that a search takes, of the searches of these presets' YAML the one that takes
    most: one for each of its workers, where those make passes on a CPU; else 1."""
    return max(map(_workers, presets), default=1)


def at_once(jobs: int | None, searches: int, workers: int) -> int:
    """Searches at a time on this machine, of so many to come.

    jobs: what the user wants; None: as many as there are processors for. workers: of a search,
    as `most_workers` has it. Raises SweepError for more workers than there are processors.
    """
    there = processors()
    room = max(1, there // workers)
    if jobs is None:
        return min(room, max(searches, 1))
    if workers > 1 and jobs > room:
        raise SweepError(
            f"--jobs {jobs} with {workers} workers of each search are {jobs * workers} processes, "
            f"but this machine has {there} processor{'s' if there > 1 else ''}; write --jobs "
            f"{room}, or fewer workers"
        )
    return jobs


def _workers(text: str) -> int:
    found = dict(_KEYS.findall(text))
    if not found.get("workers", "").isdigit():
        return 1
    scorer, device = found.get("scorer", "auto"), found.get("device", "auto")
    on_gpu = device == "cuda" or (device == "auto" and cuda_available())
    if on_gpu or not makes_passes_by(scorer, device):
        return 1
    return max(1, int(found["workers"]))
