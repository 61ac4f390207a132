"""What a scorer may fill of the memory that a preset allows, which counts the whole process.

The interpreter, torch and the screen are there before a scorer is, and allocators keep what
passes have freed; so the process is asked how large it is, and weights and kept maps get what
is left. Several scorers of one process (a search's, and one that measures a structure beside
it) share one limit.
"""

from __future__ import annotations

from threading import Lock
from typing import Protocol
from weakref import WeakSet, ref

from engine.memory import give_back, resident

#: what a program of ours takes at most before its first scorer: interpreter, torch, screen and
#: the tables of a search by closed form. What a process holds beyond that by then belongs to
#: others, such as the data of a notebook, and is not counted.
OWN = 600_000_000
#: counted in its place where the system does not tell how large a process is
TYPICAL = 400_000_000
#: beyond the least that works, for what a process comes to hold later
MARGIN = 1.05


class Holder(Protocol):
    """A scorer of which the others know what it takes. Its methods may come from any thread.

    held: bytes of weights and maps that it keeps now. promised: the most bytes that it may
    come to hold, what a pass works on included.
    """

    @property
    def held(self) -> int: ...

    @property
    def promised(self) -> int: ...

    def give_way(self) -> None:
        """Drop what can be had again, and keep nothing more for now."""


class Room:
    """The room of one scorer within `limit` bytes.

    whole: whether the limit is one of the process, and not of a device's memory alone.
    keep_to: a lower limit, likewise, which gives way to what a single pass needs.
    """

    def __init__(self, limit: int, owner: Holder, whole: bool = True, keep_to: int | None = None):
        self.limit = limit
        self._whole = whole
        self._keep_to = limit if keep_to is None else min(limit, keep_to)
        self._owner = ref(owner)  # which holds this: none of them is to wait for a collector
        others = _all(whole)
        with _adding:
            _holders[whole].add(owner)
        give_back()
        self._foreign = max(0, (resident() or 0) - OWN - sum(other.held for other in others))

    def beside(self) -> int:
        """Bytes of the process besides what scorers keep, as far as they count."""
        if not self._whole:
            return 0
        give_back()
        size = resident()
        if size is None:
            return TYPICAL
        return max(0, size - self._foreign - sum(one.held for one in _all(True)))

    def bytes(self, least: int) -> int:
        """How many bytes the owner may hold; less than `least` where the limit is too low.

        Other scorers give theirs up where there would be too little.
        """
        owner = self._owner()
        others = [one for one in _all(self._whole) if one is not owner]
        room = self._left(others, least)
        if room < least and others:
            for other in others:
                other.give_way()
            room = self._left(others, least)
        return room

    def tidy(self, working: int) -> None:
        """Between two passes: give free memory back, should `working` bytes more be too many."""
        if self._whole and (resident() or 0) - self._foreign + working > self.limit:
            give_back()

    def _left(self, others: list[Holder], least: int) -> int:
        taken = self.beside() + sum(max(one.held, one.promised) for one in others)
        return min(self.limit - taken, max(self._keep_to - taken, least))

    def needs(self, least: int) -> str:
        """That `least` bytes are more than there are, and the smallest limit that would do."""
        beside = self.beside()
        program = f", {_gigabytes(beside)} of them for torch and the program" if beside else ""
        # in whole ten megabytes
        enough = -(-int((beside + least) * MARGIN) // 10_000_000) * 10
        return (
            f"needs {_gigabytes(beside + least)}{program}, but memory is limited to "
            f"{_gigabytes(self.limit)}: set `forward.memory` to {enough}M or more"
        )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.2g} GB"


_adding = Lock()
#: those within the process's memory (True), and those within a device's own
_holders: dict[bool, WeakSet[Holder]] = {True: WeakSet(), False: WeakSet()}


def _all(whole: bool) -> list[Holder]:
    with _adding:
        return list(_holders[whole])
