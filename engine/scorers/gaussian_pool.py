"""Standard Gaussian numbers drawn once and sliced ever after.

Drawing W ~ N(0, 1) anew for each candidate costs more than the convolutions that
use it. Here the weights of a network are slices of a long, fixed sequence of
normals, one sequence per pass index, so that drawing is paid once per search.
The sequence is made of segments of a fixed size, each from a generator of its own
seed: which segments are in memory, and in what order they came there, never
changes a number. What exceeds the memory limit is dropped and redrawn when needed.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import torch

from engine.scorers.forward_device import settle

#: numbers in a segment: 17 MB in float32, 30 ms to draw on one core
SEGMENT = 1 << 22
#: slices start at multiples of this, which keeps them aligned for vector and tensor units
ALIGNMENT = 64
_SEGMENTS_PER_PASS = 1 << 12


class GaussianPool:
    """Sequences of normals, one per pass index, within `limit` bytes; safe to share by threads.

    segment: numbers in a segment, the longest slice there is.
    """

    def __init__(
        self,
        seed: int,
        device: torch.device,
        dtype: torch.dtype,
        limit: int,
        segment: int = SEGMENT,
    ):
        self.seed = seed
        self.device = device
        self.dtype = dtype
        self.limit = limit
        self.segment = segment
        self.drawn = 0
        self._lock = Lock()
        self._segments: OrderedDict[tuple[int, int], torch.Tensor] = OrderedDict()

    @property
    def segment_bytes(self) -> int:
        """Bytes of one segment."""
        return self.segment * self.dtype.itemsize

    @property
    def bytes(self) -> int:
        """Bytes held now."""
        return len(self._segments) * self.segment_bytes

    def place(self, offset: int, count: int) -> int:
        """Where a slice of `count` numbers starts, `offset` numbers being taken.

        A slice lies within one segment. The answer depends on nothing else, so equal
        beginnings of two networks get equal weights.
        """
        start = -(-offset // ALIGNMENT) * ALIGNMENT
        if start % self.segment + count > self.segment:
            start = -(-start // self.segment) * self.segment
        return start

    def slice(self, index: int, start: int, count: int) -> torch.Tensor:
        """`count` numbers of pass `index` from `start`, a place that `place` gave; a view."""
        number, first = divmod(start, self.segment)
        key = (index, number)
        with self._lock:
            segment = self._segments.get(key)
            if segment is None:
                self._drop(self.limit - self.segment_bytes)
                segment = self._segments[key] = self._draw(index, number)
            else:
                self._segments.move_to_end(key)
        return segment[first : first + count]

    def shrink(self, limit: int) -> None:
        """Keep to `limit` bytes from now on (one segment at least)."""
        with self._lock:
            self.limit = limit
            self._drop(limit)

    def clear(self) -> None:
        """Drop all segments; they are redrawn, the same, when needed."""
        with self._lock:
            self._drop(-1)

    def normals(self, index: int, count: int) -> torch.Tensor:
        """`count` numbers for pass `index` that no slice overlaps (its input image)."""
        return self._draw(index, _SEGMENTS_PER_PASS - 1, count)

    def _drop(self, limit: int) -> None:
        if self._segments and self.bytes > limit:
            settle(self.device)  # a stream may still read what is about to be dropped
        while self._segments and self.bytes > limit:
            self._segments.popitem(last=False)

    def _draw(self, index: int, number: int, count: int | None = None) -> torch.Tensor:
        generator = torch.Generator(device=self.device)
        generator.manual_seed(_mixed(self.seed, index * _SEGMENTS_PER_PASS + number))
        # in float32 always: a 16-bit draw would take its logarithms from 8 or 11 bits
        numbers = torch.empty(count or self.segment, device=self.device, dtype=torch.float32)
        numbers.normal_(generator=generator)
        self.drawn += numbers.numel()
        numbers = numbers.to(self.dtype)
        settle(self.device)  # so that every stream may read it from now on
        return numbers


def _mixed(seed: int, number: int) -> int:
    """A 32-bit generator seed, different for different `number` < 2^32 of one `seed`.

    Torch's CPU generator looks at 32 bits only. The steps (Murmur3's finaliser) are
    invertible, so that no two segments can coincide by accident.
    """
    mask = 0xFFFFFFFF
    value = (number ^ (seed * 0x9E3779B1)) & mask
    value = ((value ^ (value >> 16)) * 0x85EBCA6B) & mask
    value = ((value ^ (value >> 13)) * 0xC2B2AE35) & mask
    return value ^ (value >> 16)
