"""Feature maps of networks already run, for children that begin like them.

A mutation changes one block (Algorithm 2), and the weights of a beginning depend on
that beginning alone, so a child goes on from the last block that it shares with any
structure run lately. Room is short: a population's maps are a multiple of the memory
limit. So maps are kept in 16 bits, and those go first that save the least work per
byte (the rule of "greedy dual, size, frequency" caches): the stem's map is the
largest and the cheapest to compute again.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from threading import Lock
from typing import NamedTuple

import torch

from engine.structure import Block

Key = tuple[int, tuple[Block, ...]]


class Measured(NamedTuple):
    """A measured map h: its (sum of squares, sum) on the device, its number of elements,
    and the sum of log gamma before it."""

    moments: torch.Tensor
    elements: int
    log_gamma: float


class State(NamedTuple):
    """A network run up to the end of a block.

    x: activations, (H * W, C), contiguous. side: H = W. offset: weights taken.
    log_gamma: sum of log gamma divided out so far. pending: log of the scale still in
    x. macs: multiply-accumulates from the image to here. ended: the measured maps of
    the stages left behind. here: the measured map of the current stage; None where it
    was not measured. ready: mark of the lane that made x
    (see `engine.scorers.forward_lanes`).
    """

    x: torch.Tensor
    side: int
    offset: int = 0
    log_gamma: float = 0.0
    pending: float = 0.0
    macs: int = 0
    ended: tuple[Measured, ...] = ()
    here: Measured | None = None
    ready: torch.cuda.Event | None = None


class ActivationCache:
    """States by pass index and blocks run, within `limit` bytes; safe to share by threads."""

    def __init__(self, limit: int):
        self.limit = limit
        self.bytes = 0
        self._states: dict[Key, State] = {}
        self._uses: dict[Key, int] = {}
        self._priority: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._floor = 0.0
        self._ticks = count()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._states)

    def get(self, index: int, blocks: tuple[Block, ...], measured: bool) -> State | None:
        """The state of pass `index` behind `blocks`, if kept.

        measured: whether the state is of use only with its stage's map measured, which
        depends on what the structure that left it had behind these blocks.
        """
        key = (index, blocks)
        with self._lock:
            state = self._states.get(key)
            if state is None or (measured and state.here is None):
                return None
            self._uses[key] += 1
            self._prefer(key)
            return state

    def put(self, index: int, blocks: tuple[Block, ...], state: State) -> None:
        """Keep the state behind `blocks`, at the expense of those worth less."""
        key = (index, blocks)
        with self._lock:
            self._drop(key)
            if _bytes(state) > self.limit:
                return
            self._states[key] = state
            self._uses[key] = 1
            self.bytes += _bytes(state)
            self._prefer(key)
            self._make_room()

    def shrink(self, limit: int) -> None:
        """Keep to `limit` bytes from now on."""
        with self._lock:
            self.limit = limit
            self._make_room()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            for part in (self._states, self._uses, self._priority, self._heap):
                part.clear()
            self.bytes = 0

    def _prefer(self, key: Key) -> None:
        """Rank by work saved per byte, above all that has been dropped so far."""
        state = self._states[key]
        priority = self._floor + self._uses[key] * state.macs / _bytes(state)
        self._priority[key] = priority
        heappush(self._heap, (priority, next(self._ticks), key))
        if len(self._heap) > 64 + 4 * len(self._states):
            self._heap = [(p, next(self._ticks), k) for k, p in self._priority.items()]
            heapify(self._heap)

    def _make_room(self) -> None:
        while self._states and self.bytes > self.limit:
            priority, _, key = heappop(self._heap)
            if self._priority.get(key) == priority:
                self._floor = priority
                self._drop(key)

    def _drop(self, key: Key) -> None:
        state = self._states.pop(key, None)
        if state is not None:
            self.bytes -= _bytes(state)
            del self._uses[key], self._priority[key]


def _bytes(state: State) -> int:
    return state.x.numel() * state.x.element_size()
