"""A search recorded once, to be shown again and again without an engine beside it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.search.member import Member

#: iterations of the search that is recorded
RECORDED = 12_000


class Replay:
    """A run whose snapshots come from a recording, played again and again."""

    here = True
    pid: int | None = os.getpid()
    detachable = False
    run_dir = Path("replay")

    def __init__(self) -> None:
        from engine.run.runner import Runner
        from engine.snapshot import Snapshot
        from maedet_tui.presets import load

        preset = load("maedet-m")
        schedule = replace(preset.schedule, iterations=RECORDED)
        self.preset = replace(preset, audit=False, schedule=schedule)
        runner = Runner(self.preset)
        runner.start()
        kept: list[Snapshot] = []
        while not runner.join(0.02):
            if not kept or runner.snapshot is not kept[-1]:
                kept.append(runner.snapshot)
        self._kept = [one for one in kept if one.state == "running"]
        self._next = 0
        self.snapshot = self._kept[0]

    def forward(self) -> None:
        """The next snapshot, a new object each time."""
        self._next += 1
        self.snapshot = replace(self._kept[self._next % len(self._kept)], seconds=self._next / 10)

    def best_at(self, iteration: int) -> Member | None:
        return next((m for m in self.snapshot.members if m.born <= iteration), None)

    def pause(self) -> None: ...
    def give_way(self) -> None: ...
    def resume(self) -> None: ...
    def stop(self) -> None: ...
    def detach(self) -> None: ...
    def save(self) -> Path:
        return self.run_dir

    def close(self) -> None: ...
