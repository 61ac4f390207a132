"""How long backbones take, and the memory they take: medians with their spread.

Modules take turns, round after round, so that what else the machine does hits all alike.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import nn

from engine.backbone import Backbone, build
from engine.structure import Structure

#: a module, compiled or not
Forward = Callable[[torch.Tensor], Any]


class Timing(NamedTuple):
    """Seconds per batch: the median, and the quartiles around it."""

    median: float
    low: float
    high: float

    def images_per_second(self, batch: int) -> float:
        """Throughput at the median."""
        return batch / self.median


class Bench(NamedTuple):
    """One backbone's measurements.

    compiled is None where torch.compile was not asked for or failed; `compile_error` says
    why. memory: bytes, the weights and the most that a forward pass of torch held beside them.
    onnx: in onnxruntime, None where that was not asked for.
    """

    eager: Timing
    compiled: Timing | None
    compile_error: str
    memory: int
    onnx: Timing | None = None


def timing(seconds: Sequence[float]) -> Timing:
    """Median and quartiles of at least two measurements."""
    low, _, high = quantiles(seconds, n=4, method="inclusive")
    return Timing(median(seconds), low, high)


def bench(
    structures: Sequence[Structure],
    device: torch.device,
    batch: int,
    size: tuple[int, int],
    *,
    rounds: int = 10,
    compiled: bool = False,
    onnx: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Bench]:
    """Measure backbones on images of (height, width), in evaluation mode, in float32.

    onnx: also as graphs in onnxruntime, on a CPU with as many threads as torch has. Raises
    RuntimeError if a device runs out of memory.
    """
    images = torch.randn(batch, 3, *size, device=device)
    modules = [build(structure).eval().to(device) for structure in structures]
    with torch.inference_mode():
        memories = []
        for number, module in enumerate(modules, 1):
            progress(f"memory of {number} of {len(modules)}")
            memories.append(_memory(module, images))
        eager = _in_turns(modules, images, rounds, progress, "eager")
        fast: list[Timing | None] = [None] * len(modules)
        errors = [""] * len(modules)
        if compiled:
            ready: dict[int, Forward] = {}
            for number, module in enumerate(modules):
                progress(f"compiling {number + 1} of {len(modules)}")
                try:
                    ready[number] = torch.compile(module)
                    ready[number](images)
                except Exception as error:  # compilers fail in as many ways as machines differ
                    ready.pop(number, None)
                    errors[number] = (str(error).strip().splitlines() or [repr(error)])[0][:200]
            timings = _in_turns(list(ready.values()), images, rounds, progress, "compiled")
            for number, found in zip(ready, timings, strict=True):
                fast[number] = found
        graphs: list[Timing | None] = [None] * len(modules)
        if onnx:
            sessions: list[Forward] = []
            for number, module in enumerate(modules, 1):
                progress(f"graph {number} of {len(modules)}")
                sessions.append(_session(module))
            graphs[:] = _in_turns(sessions, images, rounds, progress, "onnxruntime")
    return [Bench(*row) for row in zip(eager, fast, errors, memories, graphs, strict=True)]


def _session(module: Backbone) -> Forward:
    """A forward pass of the module's graph in onnxruntime."""
    import onnxruntime

    from engine.backbone.onnx_graph import trace

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode(False):
        path = Path(folder) / "graph.onnx"
        trace(module, path)
        providers = ["CPUExecutionProvider"]
        session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=providers)
    return lambda images: session.run(None, {"images": images.numpy()})


def _in_turns(
    modules: Sequence[Forward],
    images: torch.Tensor,
    rounds: int,
    progress: Callable[[str], None],
    what: str,
) -> list[Timing]:
    """Time each module once a round; a first round warms up and is not counted."""
    seconds: list[list[float]] = [[] for _ in modules]
    for number in range(rounds + 1):
        progress(f"{what}, round {number} of {rounds}")
        for module, measured in zip(modules, seconds, strict=True):
            _wait(images.device)
            start = perf_counter()
            module(images)
            _wait(images.device)
            if number:
                measured.append(perf_counter() - start)
    return [timing(measured) for measured in seconds]


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _memory(module: nn.Module, images: torch.Tensor) -> int:
    weights: int = sum(value.nbytes for value in module.state_dict().values())
    if images.device.type == "cuda":
        gc.collect()
        torch.cuda.reset_peak_memory_stats(images.device)
        before = torch.cuda.memory_allocated(images.device)
        module(images)
        _wait(images.device)
        most: int = torch.cuda.max_memory_allocated(images.device)
        return weights + most - before
    return weights + _most_alive(module, images)


def _most_alive(module: nn.Module, images: torch.Tensor) -> int:
    """Most bytes of torch's CPU allocator that a forward pass holds at a time."""
    with torch.autograd.profiler.profile(profile_memory=True) as profiler:
        module(images)
    events = profiler.kineto_results.events()
    changes = sorted((e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]")
    alive = most = 0
    for _, change in changes:
        alive += change
        most = max(most, alive)
    return most
