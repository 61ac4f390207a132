"""A card's memory: who wrote, who reads, what is freed too early, and when it has run out.

The caching allocator gives a freed block out again to the stream that it was allocated on, at
once: another stream that may still read it has to be recorded (`Tensor.record_stream`), or to
be waited for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import ref

import torch

from benchmarks.gpu.stand_in.streams import Stream, Timeline


@dataclass
class _Block:
    """A storage. owner: the stream it was allocated on. uses: the last piece of work of each
    stream that reads or writes it. kept: it watches for the storage's end."""

    owner: Stream
    bytes: int
    written: tuple[Stream, int]
    uses: dict[int, tuple[Stream, int]] = field(default_factory=dict)
    recorded: set[int] = field(default_factory=set)
    kept: Any = None


class Memory:
    """Bytes in use, and the faults of their use so far. limit: bytes beyond which an allocation
    fails as torch's would."""

    def __init__(self, timeline: Timeline, total: int):
        self._timeline = timeline
        self.total = self.limit = total
        self.used = self.peak = 0
        self.faults: list[str] = []
        self._blocks: dict[int, _Block] = {}

    def ran(self, name: str, reads: Iterable[Any], writes: Iterable[Any]) -> None:
        """A kernel ran on the current stream. Raises OutOfMemoryError for what is new and too
        much."""
        stream = self._timeline.current
        piece = stream.launched()
        for tensor in reads:
            self._read(name, tensor, stream, piece)
        for tensor in writes:
            self._write(name, tensor, stream, piece)

    def look(self, tensor: torch.Tensor) -> None:
        """The host reads a tensor, for which it waits for the current stream."""
        self.ran("a read by the host", [tensor], [])
        self._timeline.wait(self._timeline.current.clock)

    def record(self, tensor: torch.Tensor, stream: Stream) -> None:
        """`Tensor.record_stream`."""
        if (block := self._blocks.get(key(tensor))) is not None:
            block.recorded.add(stream.number)

    def _read(self, name: str, tensor: torch.Tensor, stream: Stream, piece: int) -> None:
        block = self._blocks.get(key(tensor))
        if block is None:  # made before the stand-in was: complete
            return
        writer, when = block.written
        if stream.clock.get(writer.number, 0) < when:
            self._fault(f"{name} on stream {stream.number} reads what stream {writer.number} wrote")
        block.uses[stream.number] = stream, piece

    def _write(self, name: str, tensor: torch.Tensor, stream: Stream, piece: int) -> None:
        block = self._blocks.get(key(tensor))
        if block is None:
            self._allocate(tensor, stream, piece)
            return
        for user, when in [block.written, *block.uses.values()]:
            if user is not stream and stream.clock.get(user.number, 0) < when:
                self._fault(f"{name} on stream {stream.number} overwrites what {user.number} uses")
        block.written = block.uses[stream.number] = stream, piece

    def _allocate(self, tensor: torch.Tensor, stream: Stream, piece: int) -> None:
        storage = tensor.untyped_storage()
        size = storage.nbytes()
        if self.used + size > self.limit:
            raise torch.OutOfMemoryError(
                f"CUDA out of memory. Tried to allocate {size} bytes (stand-in: {self.used} of "
                f"{self.limit} bytes in use)"
            )
        self.used += size
        self.peak = max(self.peak, self.used)
        number = key(tensor)
        block = self._blocks[number] = _Block(stream, size, (stream, piece))
        block.uses[stream.number] = stream, piece
        block.kept = ref(storage, partial(self._freed, number))

    def _freed(self, number: int, _: Any) -> None:
        block = self._blocks.pop(number)
        self.used -= block.bytes
        for user, when in block.uses.values():
            known = block.owner.clock.get(user.number, 0) >= when
            if not (known or user is block.owner or user.number in block.recorded):
                self._fault(
                    f"memory of stream {block.owner.number} was freed while stream "
                    f"{user.number} may use it, without record_stream"
                )

    def _fault(self, text: str) -> None:
        if text not in self.faults:
            self.faults.append(text)


def key(tensor: torch.Tensor) -> int:
    """What a tensor and its views have in common: their storage."""
    number: int = tensor.untyped_storage()._cdata
    return number
