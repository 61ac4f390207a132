"""A stand-in for one CUDA device, so that the code for it runs, and is watched, on a CPU.

    with standing_in() as card:
        ForwardScorer(objective, "cuda").score(structures)
    # or CardError: what a real card would have run in the wrong order

Tensors are the host's, and numbers are computed there. What is stood in for is the rest: names
of devices, streams and events with the order that they promise, the memory with its limit, and
waiting. It holds for the thread that entered it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch

from benchmarks.gpu.stand_in.memory import Memory
from benchmarks.gpu.stand_in.modes import Graph, Placing, Watching, here
from benchmarks.gpu.stand_in.streams import Event, Stream, Timeline

NAME = "stand-in for a GPU (this processor)"
#: bytes of its memory, and compute capability: of an H100
TOTAL, CAPABILITY = 80_000_000_000, (9, 0)


class CardError(AssertionError):
    """Work that a card may do in another order than its results need."""


class Card:
    """The stand-in. waits: how often the host has waited for the whole device."""

    def __init__(self, total: int, capability: tuple[int, int]):
        self.capability = capability
        self.timeline = Timeline()
        self.memory = Memory(self.timeline, total)
        self.placing = Placing(self.memory)
        self.watching = Watching(self.memory, self.placing)
        self.waits = 0

    def synchronize(self, device: Any = None) -> None:
        self.waits += 1
        self.timeline.wait_for_all()

    def limit(self, fraction: float, device: Any = None) -> None:
        """As `torch.cuda.set_per_process_memory_fraction`."""
        self.memory.limit = int(fraction * self.memory.total)

    def reset_peak(self, device: Any = None) -> None:
        self.memory.peak = self.memory.used

    def watch_waits(self, mode: str | int) -> None:
        """As `torch.cuda.set_sync_debug_mode`."""
        self.placing.watching = str(mode)

    @contextmanager
    def capture(self, graph: Graph, **_: Any) -> Iterator[None]:
        """As `torch.cuda.graph`: a stream of its own, on which the host may not wait."""
        self.synchronize()
        stream = Stream(self.timeline)
        self.watching.captured, self.placing.watching = graph.calls, "error"
        try:
            with self.timeline.on(stream):
                yield
        finally:
            self.watching.captured, self.placing.watching = None, "default"
        self.timeline.current.wait_stream(stream)

    def names(self) -> dict[str, Any]:
        """What takes the place of the functions of `torch.cuda`."""
        timeline, memory = self.timeline, self.memory
        properties = SimpleNamespace(
            name=NAME,
            total_memory=memory.total,
            multi_processor_count=1,
            major=self.capability[0],
            minor=self.capability[1],
        )
        return {
            "is_available": lambda: True,
            "is_initialized": lambda: True,
            "device_count": lambda: 1,
            "current_device": lambda: 0,
            "set_device": lambda device: None,
            "get_device_name": lambda device=None: NAME,
            "get_device_capability": lambda device=None: self.capability,
            "get_device_properties": lambda device=None: properties,
            "is_bf16_supported": lambda including_emulation=True: self.capability[0] >= 8,
            "synchronize": self.synchronize,
            "Stream": lambda device=None, priority=0: Stream(timeline),
            "Event": partial(Event, timeline),
            "stream": timeline.on,
            "current_stream": lambda device=None: timeline.current,
            "default_stream": lambda device=None: timeline.default,
            "empty_cache": lambda: None,
            "mem_get_info": lambda device=None: (memory.total - memory.used, memory.total),
            "memory_allocated": lambda device=None: memory.used,
            "memory_reserved": lambda device=None: memory.used,
            "max_memory_allocated": lambda device=None: memory.peak,
            "max_memory_reserved": lambda device=None: memory.peak,
            "reset_peak_memory_stats": self.reset_peak,
            "set_per_process_memory_fraction": self.limit,
            "set_sync_debug_mode": self.watch_waits,
            "CUDAGraph": Graph,
            "graph": self.capture,
        }


@contextmanager
def standing_in(total: int = TOTAL, capability: tuple[int, int] = CAPABILITY) -> Iterator[Card]:
    """Have this thread find one CUDA device. Raises CardError at the end for work in a wrong
    order, unless something else was raised."""
    card = Card(total, capability)
    generator, autocast = torch.Generator, torch.autocast

    class Generator(generator):  # type: ignore[misc, valid-type]  # likewise
        def __new__(cls, device: Any = "cpu") -> Any:
            return super().__new__(cls, here(device))

    class Autocast(autocast):  # type: ignore[misc, valid-type]  # a class that is a variable
        def __init__(self, device_type: str, *args: Any, **options: Any):
            super().__init__(str(here(device_type)), *args, **options)

    with ExitStack() as stack:
        stack.enter_context(mock.patch.multiple(torch.cuda, **card.names()))
        stack.enter_context(mock.patch.object(torch.backends.cuda, "is_built", lambda: True))
        stack.enter_context(mock.patch("engine.scorers.factory.cuda_available", lambda: True))
        stack.enter_context(mock.patch.object(torch, "autocast", Autocast))
        stack.enter_context(mock.patch.object(torch, "Generator", Generator))
        record: Any = lambda tensor, stream: card.memory.record(tensor, stream)  # noqa: E731
        stack.enter_context(mock.patch.object(torch.Tensor, "record_stream", record))
        stack.enter_context(card.watching)
        stack.enter_context(card.placing)
        yield card
    if card.memory.faults:
        raise CardError("; ".join(card.memory.faults))
