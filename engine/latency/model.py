"""The latency of structures, predicted fast enough for a search and measured at its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.costs import halved
from engine.latency import store, table
from engine.latency.device import Device
from engine.latency.operations import Family, Size, block_operations, steps_of
from engine.latency.reach import reachable_families, typical_structures
from engine.scorers.base import Cancelled, never
from engine.settings import Space
from engine.structure import Block, Structure

#: told how many families of operations have been measured, and out of how many
Progress = Callable[[int, int], None]


class Latency:
    """Seconds that a structure takes for one batch of images on a device.

    device: what measures. image_size: (height, width). folder: where measured times are
    kept, None for nowhere. trouble: why they could not be kept there, if so.
    """

    def __init__(self, device: Device, image_size: Size, folder: Path | None = None):
        self.device = device
        self.image_size = image_size
        self.trouble: str | None = None
        self.key = device.key()
        self.path = store.file_of(folder, self.key) if folder else None
        self.grids: dict[Family, table.Grid] = {}
        #: how much longer each kind of operation takes in its place than by itself
        self.factors: dict[str, float] = {}
        if self.path:
            self.grids, self.factors = store.load(self.path, self.key)
        self._blocks: dict[tuple[Block, Size], float] = {}

    @property
    def detail(self) -> str:
        """One line for people."""
        return f"{self.image_size[1]}x{self.image_size[0]}, {self.device.detail}"

    def __call__(self, structure: Structure) -> float:
        """Predicted seconds; what the table lacks is measured."""
        size, blocks, total = self.image_size, self._blocks, 0.0
        for block in structure.blocks:
            seconds = blocks.get((block, size))
            if seconds is None:
                seconds = blocks[block, size] = self._block(block, size)
            total += seconds
            if block.stride == 2:
                size = halved(size, 2)
        return total

    def _block(self, block: Block, size: Size) -> float:
        if len(self._blocks) > 1 << 14:
            self._blocks.clear()
        return sum(
            count
            * table.interpolate(self._grid(operation.family), operation)
            * self.factors.get(operation.family.op, self.factors.get("", 1.0))
            for operation, count in block_operations(block, size)
        )

    def _grid(self, family: Family) -> table.Grid:
        grid = self.grids.get(family)
        if grid is None:
            grid = self.grids[family] = table.measure(
                family, self.device.seconds, self.device.batch
            )
        return grid

    def missing(self, space: Space, initial: Structure) -> list[Family]:
        """Families of operations that a search may need and the table lacks."""
        reachable = reachable_families(space, initial, self.image_size)
        return [family for family in reachable if family not in self.grids]

    def build(
        self,
        space: Space,
        initial: Structure,
        cancelled: Callable[[], bool] = never,
        progress: Progress = lambda done, total: None,
    ) -> None:
        """Measure what a search may need and the table lacks, and keep it on disk.

        Raises Cancelled; what has been measured by then is not measured again.
        """
        missing = self.missing(space, initial)
        for number, family in enumerate(missing):
            if cancelled():
                raise Cancelled
            progress(number, len(missing))
            self._grid(family)
            self.keep()  # a build that is killed goes on from here
        if missing or not self.factors:
            self._adjust(typical_structures(space, initial), cancelled)
            self.keep()
        progress(len(missing), len(missing))

    def _adjust(self, structures: list[Structure], cancelled: Callable[[], bool]) -> None:
        """Compare the table with whole backbones: in its place an operation finds its
        weights and its input in other caches than by itself."""
        alone: dict[str, float] = {}
        together: dict[str, float] = {}
        for structure in structures:
            if cancelled():
                raise Cancelled
            units = steps_of(structure, self.image_size)
            for step in (step for unit in units for step in unit):
                seconds = table.interpolate(self._grid(step.operation.family), step.operation)
                for op in (step.operation.family.op, ""):
                    alone[op] = alone.get(op, 0.0) + seconds
            for op, seconds in self.device.in_place(units).items():
                together[op] = together.get(op, 0.0) + seconds
        self.factors |= {op: seconds / alone[op] for op, seconds in together.items()}
        self._blocks.clear()

    def keep(self) -> None:
        """Write the table to disk; where that fails, `trouble` says so."""
        if self.path is None:
            return
        try:
            store.save(self.path, self.key, self.grids, self.factors)
        except OSError as error:
            self.trouble = (
                f"{self.path.parent}: measured latencies cannot be kept there "
                f"({error.strerror}), so that they will be measured again next time"
            )

    def measure(self, structure: Structure, runs: int = 8) -> float:
        """Seconds of the whole backbone, measured."""
        return sum(self.device.in_place(steps_of(structure, self.image_size), runs).values())
