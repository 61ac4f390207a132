"""What a stage is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, NamedTuple

import torch

from benchmarks.gpu.literal import chain_of
from engine.settings import Budget, Forward, Objective, Preset, Schedule, Space
from engine.zoo import ZOO


class Row(NamedTuple):
    """What was measured. kept: whether it keeps to its target, None without one."""

    what: str
    found: str
    target: str = ""
    kept: bool | None = None


@dataclass
class Course:
    """The device, how large the work is, and the time there is for it.

    small: sizes of the stand-in. until: on the monotonic clock, when the stage is to end.
    notes: by name, what an earlier part leaves to a later one, kept in files.
    """

    device: torch.device
    small: bool
    until: float
    notes: dict[str, Any]

    @property
    def left(self) -> float:
        """Seconds that the stage still has."""
        return self.until - monotonic()

    @property
    def preset(self) -> Preset:
        """The search that is measured: MAE-DET-M's; of the stand-in, one of seconds."""
        if not self.small:
            initial = ZOO["initial"].structure
            return Preset("m", initial, Budget(flops=91_000_000_000, layers=91))
        space = Space(max_width=64, stage_depths=(1, 1, 2, 2, 2))
        schedule = Schedule(population=6, iterations=60, keep=2)
        budget = Budget(flops=3_000_000_000, layers=25)
        initial = chain_of(16, 8, (1, 1, 1, 1), 3)
        return Preset("small", initial, budget, self.objective, space, schedule)

    @property
    def objective(self) -> Objective:
        """Of forward passes."""
        return Objective(resolution=64) if self.small else Objective()

    @property
    def forward(self) -> Forward:
        """One pass a score, within the paper's memory."""
        return Forward()

    def settle(self) -> None:
        """Wait for the device."""
        torch.cuda.synchronize(self.device)


Part = Callable[[Course], Iterator[Row]]


class Stage(NamedTuple):
    """name: of its file. share: of the time, in parts of all. parts: by name, in order; each is
    kept when it has ended, and not begun without time."""

    name: str
    title: str
    share: float
    parts: Mapping[str, Part]
