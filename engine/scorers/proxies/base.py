"""What the proxies share: weights from one pool, passes side by side, repeats averaged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from math import isfinite, nan
from statistics import fmean, stdev

import torch

from engine.memory import give_back, one_heap
from engine.scorers.base import NO_ENTROPIES, Score, ScoringError, Stop, never
from engine.scorers.forward_device import device_named, fastest_dtype, out_of_memory
from engine.scorers.forward_lanes import lanes_for
from engine.scorers.gaussian_pool import SEGMENT, GaussianPool
from engine.scorers.proxies.network import Weights, weights_number, working_bytes
from engine.scorers.room import Room
from engine.settings import Forward, Objective
from engine.structure import IMAGE_CHANNELS, Structure


class Proxy(ABC):
    """A Scorer (see `engine.scorers.base`) whose z is the value of a proxy.

    Pass number i has its own images and weights, the same for every structure. Of the
    objective only the resolution counts: a proxy looks at the last map alone.
    """

    method: str
    #: images of a pass, where not `forward.batch`; maps held at once for each of them
    images: int | None = None
    copies = 1

    def __init__(
        self,
        objective: Objective,
        device: str = "cpu",
        forward: Forward | None = None,
        seed: int = 0,
        *,
        dtype: torch.dtype | None = None,
        segment: int = SEGMENT,
    ):
        self.objective = objective
        self.forward = forward or Forward()
        self.device = device_named(device)
        self.dtype = dtype or self.number_format(fastest_dtype(self.device))
        self.count = self.images or self.forward.batch
        self.notices: list[str] = []
        self.pool = self.make_pool(seed, segment)
        one_heap()
        self._lanes = lanes_for(self.device)
        self._working = 0
        self._room = Room(self.forward.memory, self, self.device.type != "cuda")
        self.batch = 4 * self._lanes.count

    def number_format(self, fastest: torch.dtype) -> torch.dtype:
        """The number format to run in, given the device's fastest one."""
        return fastest

    def make_pool(self, seed: int, segment: int) -> GaussianPool:
        """Where weights and images come from."""
        return GaussianPool(seed, self.device, self.dtype, 0, segment)

    @abstractmethod
    def measure(
        self, structure: Structure, images: torch.Tensor, weights: Weights, cancelled: Stop
    ) -> torch.Tensor:
        """What `value` needs of one pass, left on the device.

        images: `copies` * `count` of them, N(0, 1), channels last. Raises Cancelled.
        """

    def pass_bytes(self, structure: Structure) -> int:
        """Most bytes that a pass works on, besides the images and the pool's weights."""
        side, itemsize = self.objective.resolution, max(4, self.dtype.itemsize)
        return self.copies * self.count * working_bytes(structure, side, itemsize)

    def value(self, measured: torch.Tensor) -> float:
        """The proxy's value out of what was measured."""
        return float(measured)

    @property
    def detail(self) -> str:
        """One line on how scores are made."""
        place = "cpu"
        if self.device.type == "cuda":
            place = torch.cuda.get_device_name(self.device)
        passes = "1 pass" if self.forward.repeats == 1 else f"{self.forward.repeats} passes"
        images = "1 image" if self.count == 1 else f"{self.count} images"
        number_format = str(self.dtype).removeprefix("torch.")
        return f"{self.method}, {passes} of {images}, {number_format} on {place}"

    def score(self, structures: Sequence[Structure], cancelled: Stop = never) -> list[Score]:
        """Score each structure by the mean over the passes.

        Raises ScoringError for a structure without a finite value or too large for the
        memory, and Cancelled soon after `cancelled()` turns true.
        """
        different = list(dict.fromkeys(structures))
        lanes = self._share_memory(different)
        values: dict[Structure, list[float]] = {structure: [] for structure in different}
        for index in range(self.forward.repeats):
            images = self._images(index)
            jobs = [partial(self._pass, structure, index, images) for structure in different]
            try:
                measured = self._lanes.run(jobs, lanes, cancelled)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                raise ScoringError(
                    f"{self.device} ran out of memory: lower forward.batch or the resolution, "
                    "or set `device: cpu`"
                ) from error
            for structure, one in zip(different, measured):
                values[structure].append(self._finite(self.value(one)))
        return [self._summary(values[structure]) for structure in structures]

    def refuse_beyond_memory(self, structures: Sequence[Structure]) -> None:
        """Raise ScoringError if a structure cannot be scored within the memory."""
        self._share_memory(list(structures))

    @property
    def held(self) -> int:
        """Bytes of weights that are kept now."""
        return self.pool.bytes

    @property
    def promised(self) -> int:
        """The most bytes that may come to be held, what passes work on included."""
        return self._working + self.pool.limit

    def give_way(self) -> None:
        """Leave the memory to another scorer until the next batch of structures."""
        self.pool.shrink(2 * self.pool.segment_bytes)

    def close(self) -> None:
        """Give back memory and threads; the scorer can still be used, and takes them again."""
        self._lanes.close()
        self.pool.clear()
        self._working = self.pool.limit = 0
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        give_back()

    def _pass(
        self, structure: Structure, index: int, images: torch.Tensor, cancelled: Stop
    ) -> torch.Tensor:
        return self.measure(structure, images, Weights(self.pool, index), cancelled)

    def _images(self, index: int) -> torch.Tensor:
        side = self.objective.resolution
        count = self.copies * self.count
        normals = self.pool.normals(index, count * IMAGE_CHANNELS * side**2)
        return normals.view(count, side, side, IMAGE_CHANNELS).permute(0, 3, 1, 2)

    def _finite(self, value: float) -> float:
        if not isfinite(value):
            raise ScoringError(
                f"the structure has no finite {self.method}: raise the resolution or "
                "forward.batch, or take a wider structure"
            )
        return value

    def _summary(self, values: list[float]) -> Score:
        z_std = stdev(values) if len(values) > 1 else nan
        return Score(fmean(values), NO_ENTROPIES, z_std, self.method, self.detail, len(values))

    def _share_memory(self, structures: list[Structure]) -> int:
        """Divide the memory between weights and work; how many passes fit side by side."""
        segment = self.pool.segment_bytes
        side, count = self.objective.resolution, self.copies * self.count
        images = count * IMAGE_CHANNELS * side**2
        itemsize = self.dtype.itemsize
        work = max(map(self.pass_bytes, structures))
        fixed = images * (4 + itemsize) + self.pool.segment * (4 + itemsize) + 2 * segment
        room = self._room.bytes(work + fixed)
        if work + fixed > room:
            raise ScoringError(
                f"{self.method} of {self.count} images at resolution {side} "
                f"{self._room.needs(work + fixed)}, or lower forward.batch or the resolution"
            )
        lanes = min(self._lanes.count, max(1, (room - fixed) // work))
        self._working = fixed + lanes * work
        needed = (2 + max(map(weights_number, structures)) * 5 // 4 // self.pool.segment) * segment
        self.pool.shrink(max(2 * segment, min(room - self._working, needed)))
        return lanes
