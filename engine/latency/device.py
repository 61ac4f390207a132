"""The device that latencies are measured on: what runs there, and a clock for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import cycle
from math import gcd
from time import perf_counter, thread_time
from typing import Any

import torch
import torch.nn.functional as F

from engine.latency.operations import Operation, Step
from engine.processor import cpu_name
from engine.scorers.forward_device import device_named, settle

Kernel = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

#: seconds and runs that one timing takes at least
LEAST_SECONDS, LEAST_RUNS = 0.02, 3
#: runs that a GPU is given before the host waits for them
MOST_IN_A_ROW = 200
#: seconds of whole backbones after which no further run is begun, if there was one
MOST_SECONDS = 10.0
#: bytes of weights that push each other out of a core's own caches, and most copies
COLD_BYTES, MOST_COPIES = 16_000_000, 64
#: normals that weights are made of
NOISE = 1 << 20


class Device:
    """Runs operations in one number format and batch size, and times them."""

    def __init__(self, name: str, dtype: torch.dtype = torch.float32, batch: int = 1):
        self.device = device_named(name)
        self.dtype = dtype
        self.batch = batch
        self.threads = torch.get_num_threads() if self.device.type == "cpu" else 0
        # a single thread's own time leaves out what other programs take of its core
        self.clock = thread_time if self.threads == 1 else perf_counter
        self._noise: torch.Tensor | None = None

    def key(self) -> dict[str, Any]:
        """Everything about the device that a measured time depends on."""
        return {
            "device": self.name,
            "threads": self.threads,
            "dtype": str(self.dtype).removeprefix("torch."),
            "batch": self.batch,
            "torch": torch.__version__,
        }

    @property
    def name(self) -> str:
        """The processor's or GPU's own name."""
        if self.device.type == "cuda":
            return torch.cuda.get_device_name(self.device)
        return cpu_name()

    @property
    def detail(self) -> str:
        """One line for people."""
        threads = f", {self.threads} threads" if self.threads > 1 else ""
        return f"batch {self.batch}, {self.key()['dtype']} on {self.name}{threads}"

    @property
    def memory(self) -> float:
        """Bytes of memory that the device has; infinity where it does not tell."""
        if self.device.type == "cuda":
            return torch.cuda.get_device_properties(self.device).total_memory
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, ValueError, OSError):
            return float("inf")

    def map(self, width: int, size: tuple[int, int]) -> torch.Tensor:
        """A map of noise, channels last."""
        shape = (self.batch, width, *size)
        noise = torch.randn(shape, device=self.device, dtype=torch.float32).to(self.dtype)
        return noise.contiguous(memory_format=torch.channels_last)

    def kernel(self, operation: Operation) -> Kernel:
        """A function that does the operation, its weights ready. Of a map, and for a sum or a
        concatenation also of the one beside it."""
        family = operation.family
        kernel, stride = family.kernel, family.stride
        if family.op in ("conv", "depthwise", "grouped"):
            width = operation.outside
            groups = 1 if family.op == "conv" else width // gcd(width, family.image or 1)
            inside = operation.entering
            weight, bias = self._convolution(operation.outside, inside // groups, kernel)
            margin = kernel // 2
            return lambda x, _: F.conv2d(x, weight, bias, stride, margin, 1, groups)
        if family.op == "avgpool":
            return lambda x, _: F.avg_pool2d(x, kernel, stride, 0, True, False)
        if family.op == "maxpool":
            return lambda x, _: F.max_pool2d(x, kernel, stride, kernel // 2)
        if family.op == "se":
            squeezed = max(1, operation.inside // kernel)
            down = self._convolution(squeezed, operation.inside, 1)
            up = self._convolution(operation.inside, squeezed, 1)

            def excite(x: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
                gate = F.relu_(F.conv2d(x.mean((2, 3), keepdim=True), *down))
                return x * torch.sigmoid_(F.conv2d(gate, *up))

            return excite
        if family.op == "add":
            return lambda x, around: x.add_(around)
        if family.op == "concat":
            return lambda x, around: torch.cat((x, around), 1)
        if family.op == "unshuffle":
            return lambda x, _: F.pixel_unshuffle(
                F.pad(x, (0, x.shape[-1] % 2, 0, x.shape[-2] % 2)), 2
            )
        if family.op == "silu":
            return lambda x, _: F.silu(x, inplace=True)
        if family.op == "relu6":
            return lambda x, _: x.clamp_(0, 6)
        return lambda x, _: torch.relu_(x)

    def _convolution(
        self, outside: int, inside: int, side: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights and bias of a scale that keeps maps away from slow, denormal numbers."""
        if self._noise is None:
            self._noise = torch.randn(NOISE, device=self.device)
        number = outside * inside * side**2
        normals = self._noise.repeat(-(-number // NOISE))[:number]
        weight = (normals * (2 / (inside * side**2)) ** 0.5).to(self.dtype)
        weight = weight.view(outside, inside, side, side)
        weight = weight.contiguous(memory_format=torch.channels_last)
        return weight, torch.zeros(outside, device=self.device, dtype=self.dtype)

    @torch.inference_mode()
    def seconds(self, operation: Operation) -> float:
        """The least time of several runs of one operation.

        A backbone meets each of its weights once a pass, when others have pushed them out
        of the caches near the core: so do runs here, which take copies in turn.
        """
        family = operation.family
        x = self.map(operation.entering, family.size)
        around = x
        if family.op in ("add", "concat"):
            rest = operation.outside - (operation.entering if family.op == "concat" else 0)
            around = self.map(rest, family.size)
        copies = min(MOST_COPIES, 1 + COLD_BYTES // operation.weight_bytes(self.dtype.itemsize))
        kernels = cycle([self.kernel(operation) for _ in range(copies)])
        time = self.in_a_row if self.device.type == "cuda" else self.least
        return time(lambda: next(kernels)(x, around))

    def in_a_row(self, run: Callable[[], object], rounds: int = LEAST_RUNS) -> float:
        """Seconds that a GPU takes for each of many runs in a row; the least of some rounds.

        In a backbone the host is ahead of the GPU, so an operation costs the longer of its
        launch and its work. A run that is waited for would cost both, and the wait.
        """
        alone = self.least(run, runs=1)
        count = min(MOST_IN_A_ROW, max(1, round(LEAST_SECONDS / alone)))
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        least = float("inf")
        for _ in range(rounds):
            start.record()
            for _ in range(count):
                run()
            end.record()
            end.synchronize()
            least = min(least, start.elapsed_time(end) / 1e3 / count)
        return least

    def least(self, run: Callable[[], object], runs: int = LEAST_RUNS) -> float:
        """The least time of `run`, in seconds, over some runs after one for warming up."""
        run()
        settle(self.device)
        least, spent, done = float("inf"), 0.0, 0
        while done < runs or spent < LEAST_SECONDS:
            start = self.clock()
            run()
            settle(self.device)
            taken = self.clock() - start
            least, spent, done = min(least, taken), spent + taken, done + 1
        return least

    @torch.inference_mode()
    def in_place(self, units: list[tuple[Step, ...]], runs: int = 8) -> dict[str, float]:
        """Seconds of a whole backbone, by kind of operation.

        On a CPU each operation is timed in its place and its least time over the runs
        counts: another program that takes the core hits a different one each time. A GPU
        works behind the host's back, so the least time of a whole run is all there is.
        """
        plan = [[(self.kernel(s.operation), s) for s in unit] for unit in units]
        first = units[0][0].operation.family
        x = self.map(units[0][0].operation.entering, first.size)
        if self.device.type == "cuda":
            return {"": self.least(lambda: self._run(plan, x, None), runs)}
        least: list[float] = []
        began = perf_counter()
        for number in range(runs + 1):
            taken: list[float] = []
            self._run(plan, x, taken)
            least = list(map(min, taken, least)) if number > 1 else taken  # the first warms up
            if number and perf_counter() - began > MOST_SECONDS:
                break
        found: dict[str, float] = {}
        steps = (step for unit in units for step in unit)
        for step, seconds in zip(steps, least):
            op = step.operation.family.op
            found[op] = found.get(op, 0.0) + seconds
        return found

    def _run(
        self, plan: list[list[tuple[Kernel, Step]]], x: torch.Tensor, taken: list[float] | None
    ) -> None:
        """One pass; the seconds of each step are added to `taken`."""
        for unit in plan:
            maps = {0: x}
            for kernel, step in unit:
                start = self.clock()
                first, *others = step.takes
                maps[step.gives] = kernel(maps[first], maps[others[0] if others else first])
                if taken is not None:
                    taken.append(self.clock() - start)
            x = maps[0]
