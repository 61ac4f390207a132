"""A latency budget in a search: children are refused by the table, the winner is measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import torch

from engine.latency.device import Device
from engine.latency.model import Latency, Progress
from engine.latency.operations import steps_of
from engine.scorers.base import ScoringError, never
from engine.scorers.factory import resolve_device
from engine.search.sampling import smallest
from engine.settings import Preset
from engine.snapshot import LatencyResult
from engine.structure import Structure


def latency_of(preset: Preset, folder: Path | None) -> Latency:
    """What tells latencies as a preset wishes them: device, number format, batch, image size.

    folder: of measured times, None to keep none. Raises ScoringError for an absent device.
    """
    timing = preset.timing
    device = Device(resolve_device(preset.device), getattr(torch, timing.dtype), timing.batch)
    return Latency(device, preset.budget.image_size, folder)


#: times the budget from which on a whole backbone is too slow, whatever a table would say
CLEARLY = 2.0


class LatencyBudget:
    """The latency budget of one search.

    notices: sentences for the user, oldest first. result: latency of the best structure
    last asked for. Raises ValueError for a preset without such a budget.
    """

    def __init__(self, preset: Preset, folder: Path | None, latency: Latency | None = None):
        self.latency = latency or latency_of(preset, folder)
        if preset.budget.latency is None:
            raise ValueError("the preset has no latency budget")
        self.limit = preset.budget.latency
        self.notices: list[str] = []
        self.result: LatencyResult | None = None
        self._preset = preset
        self._structure: Structure | None = None

    def prepare(
        self,
        cancelled: Callable[[], bool] = never,
        progress: Progress = lambda done, total: None,
    ) -> None:
        """Measure what the table lacks, and make sure that the search can begin.

        Raises Cancelled, and ScoringError where no structure keeps to the budget, or the
        initial one does not: at once, if whole backbones clearly exceed it.
        """
        preset, latency = self._preset, self.latency
        self._refuse_beyond_memory()
        start = perf_counter()
        missing = len(latency.missing(preset.space, preset.initial))
        if missing:
            self._refuse_above(CLEARLY * self.limit, latency.measure)
            self.notices.append(
                f"measuring how long {missing} families of operations take on this device; "
                "that happens once"
            )
        latency.build(preset.space, preset.initial, cancelled, progress)
        if missing:
            kept = f", kept in {latency.path}" if latency.path and not latency.trouble else ""
            self.notices.append(
                f"measured latencies in {perf_counter() - start:.0f} s ({latency.detail}){kept}"
            )
        if latency.trouble:
            self.notices.append(latency.trouble)
        self._refuse_above(self.limit, latency)

    def _refuse_beyond_memory(self) -> None:
        """Raise ScoringError where the device cannot hold a batch's maps."""
        device = self.latency.device
        units = steps_of(self._preset.initial, self.latency.image_size)
        values = max(step.operation.values for unit in units for step in unit)
        needed = device.batch * values * device.dtype.itemsize
        if needed > device.memory:
            raise ScoringError(
                f"timing.batch {device.batch} needs {needed / 1e9:.0f} GB for the maps of one "
                f"operation ({self.latency.detail}), but the device has "
                f"{device.memory / 1e9:.0f} GB; lower timing.batch or budget.image_size"
            )

    def _refuse_above(self, most: float, seconds: Callable[[Structure], float]) -> None:
        """Raise ScoringError if the initial structure takes longer, or if even the smallest
        one exceeds the budget."""
        preset, detail = self._preset, self.latency.detail
        initial = seconds(preset.initial)
        if initial <= most:
            return
        least = min(map(seconds, smallest(preset.space, preset.initial)))
        if least > self.limit:
            raise ScoringError(
                f"no structure of the space keeps to budget.latency {_ms(self.limit)}: the "
                f"smallest one takes {_ms(least)} ({detail}); raise the budget, or try again if "
                "the device was busy with something else"
            )
        raise ScoringError(
            f"the initial structure takes {_ms(initial)} ({detail}), over "
            f"budget.latency {_ms(self.limit)}; raise that or write a smaller one under `initial` "
            f"(the smallest structure of the space takes {_ms(least)})"
        )

    def exceeded_by(self, structure: Structure) -> bool:
        """Whether a structure would take longer than the budget."""
        return self.latency(structure) > self.limit

    def predict(self, structure: Structure) -> LatencyResult:
        """The latency of the best structure, measured if it has been."""
        if self.result is None or structure != self._structure:
            self._structure = structure
            self.result = LatencyResult(
                self.latency(structure), None, self.limit, self.latency.detail
            )
        return self.result

    def measure(self, structure: Structure) -> None:
        """Measure the whole backbone, for `result`."""
        predicted = self.predict(structure).predicted
        measured = self.latency.measure(structure)
        self.result = LatencyResult(predicted, measured, self.limit, self.latency.detail)
        if measured > self.limit:
            self.notices.append(
                f"the best structure keeps to budget.latency {_ms(self.limit)} by the table "
                f"({_ms(predicted)}), but measured as a whole it takes {_ms(measured)}"
            )


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:.3g} ms"
