"""Feature maps of networks already run, for children that begin like them.

A mutation changes one block (Algorithm 2), and the weights of a beginning depend on
that beginning alone, so a child may go on from the last map that it shares with any
structure seen lately. A beginning is a run-length coded chain of units: a block
deepened from 8 bottlenecks to 10, or split in two, goes on from its eighth.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import torch

from engine.scorers.vanilla import Run


class Measured(NamedTuple):
    """A measured map h: (norm, sum) on the device, its number of elements, sum of log gamma."""

    moments: torch.Tensor
    elements: int
    log_gamma: float


class State(NamedTuple):
    """A network run up to the end of a unit.

    x: activations, (H * W, C), contiguous. side: H = W. offset: weights taken.
    log_gamma: sum of log gamma divided out so far. pending: log of the scale still in
    x. ended: the measured maps of the stages left behind. here: the measured map of
    the last convolution of the current stage; None where nobody measured it. ready:
    mark of the lane that made x (see `engine.scorers.forward_device.Lanes`).
    """

    x: torch.Tensor
    side: int
    offset: int = 0
    log_gamma: float = 0.0
    pending: float = 0.0
    ended: tuple[Measured, ...] = ()
    here: Measured | None = None
    ready: torch.cuda.Event | None = None


class ActivationCache:
    """States by pass and beginning, the least recently used dropped beyond `limit` bytes."""

    def __init__(self, limit: int):
        self.limit = limit
        self.bytes = 0
        self._states: OrderedDict[tuple[int, tuple[Run, ...], int], State] = OrderedDict()
        self._counts: dict[tuple[int, tuple[Run, ...]], set[int]] = {}

    def get(
        self, index: int, runs: tuple[Run, ...], most: int, needs_here: bool
    ) -> tuple[int, State] | None:
        """The longest state of pass `index` that has run `runs` with the last repeated less.

        most: how often the last run may be repeated. needs_here: whether a state with
        exactly `most` must have its last map measured. Returns (repetitions, state).
        """
        counts = self._counts.get((index, _open(runs)))
        for count in sorted(counts or (), reverse=True):
            if count > most:
                continue
            key = (index, _open(runs), count)
            state = self._states[key]
            if count == most and needs_here and state.here is None:
                continue
            self._states.move_to_end(key)
            return count, state
        return None

    def put(self, index: int, runs: tuple[Run, ...], state: State) -> None:
        """Remember the state at the end of `runs`."""
        size = _bytes(state)
        if size > self.limit:
            return
        key = (index, _open(runs), runs[-1].count)
        self._drop(key)
        self._states[key] = state
        self._counts.setdefault(key[:2], set()).add(key[2])
        self.bytes += size
        self.shrink(self.limit)

    def shrink(self, limit: int) -> None:
        """Keep to `limit` bytes from now on."""
        self.limit = limit
        while self._states and self.bytes > limit:
            self._drop(next(iter(self._states)))

    def clear(self) -> None:
        """Forget everything."""
        self._states.clear()
        self._counts.clear()
        self.bytes = 0

    def _drop(self, key: tuple[int, tuple[Run, ...], int]) -> None:
        state = self._states.pop(key, None)
        if state is None:
            return
        self.bytes -= _bytes(state)
        counts = self._counts[key[:2]]
        counts.discard(key[2])
        if not counts:
            del self._counts[key[:2]]


def _open(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """The runs without how often the last is repeated."""
    return (*runs[:-1], runs[-1]._replace(count=0))


def _bytes(state: State) -> int:
    return state.x.numel() * state.x.element_size()
