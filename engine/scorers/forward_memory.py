"""How forward passes share their memory: among weights, kept maps and what passes work on."""

from __future__ import annotations

from collections.abc import Iterable

from engine.scorers.base import ScoringError
from engine.scorers.forward_device import workspace_bytes
from engine.scorers.forward_pass import VanillaPass
from engine.scorers.room import Room
from engine.scorers.vanilla import weights, working_bytes
from engine.structure import Structure


class ForwardMemory:
    """The memory of a `VanillaPass`, in a `Room` (whose parameters are explained there)."""

    def __init__(self, vanilla: VanillaPass, limit: int, keep_to: int | None = None):
        self._vanilla = vanilla
        self._working = 0
        self.room = Room(limit, self, vanilla.pool.device.type != "cuda", keep_to)

    @property
    def held(self) -> int:
        """Bytes of weights and maps that are kept now."""
        return self._vanilla.pool.bytes + self._vanilla.cache.bytes

    @property
    def promised(self) -> int:
        """The most bytes that may come to be held, what passes work on included."""
        return self._working + self._vanilla.pool.limit + self._vanilla.cache.limit

    def give_way(self) -> None:
        """Leave the memory to another scorer until `share` is asked again."""
        self._vanilla.cache.shrink(0)
        self._vanilla.pool.shrink(2 * self._vanilla.pool.segment_bytes)

    def give_up(self) -> None:
        """Keep nothing, and promise nothing."""
        self._vanilla.clear()
        self._working = self._vanilla.pool.limit = self._vanilla.cache.limit = 0

    def tidy(self) -> None:
        """Between two passes: stay within the limit whatever the allocator has kept."""
        self.room.tidy(self._working)

    def share(self, structures: Iterable[Structure], passes: int, lanes: int) -> int:
        """Divide the memory for some structures; how many of the lanes fit in.

        passes: indices of passes whose weights are used. Weights take what these passes need,
        up to a half, or all for a single pass; kept maps the rest. Raises ScoringError if a
        structure cannot be run within the memory.
        """
        vanilla, structures = self._vanilla, list(structures)
        pool, resolution = vanilla.pool, vanilla.resolution
        segment, itemsize = pool.segment_bytes, pool.dtype.itemsize
        # a library may reorder weights in a copy, and drawing goes by float32
        workspace = workspace_bytes(pool.device)
        work = segment + max(working_bytes(s, resolution, itemsize) for s in structures)
        work += workspace
        # one more for the stream that results are gathered on
        overhead = segment + 4 * pool.segment + vanilla.image_bytes + workspace
        least = work + overhead + 2 * segment
        room = self.room.bytes(least)
        if least > room:
            raise ScoringError(
                f"a forward pass at resolution {resolution} {self.room.needs(least)}, or lower "
                "the resolution"
            )
        most = min(room // 2, room - overhead - 2 * segment) // work
        lanes = max(1, min(lanes, most))
        self._working = overhead + lanes * work
        free = room - self._working
        one = (2 + max(map(weights, structures)) * 5 // 4 // pool.segment) * segment
        wanted = max(passes * one, pool.bytes)
        # the weights of a pass are worth more than any map
        pool.shrink(max(2 * segment, min(wanted, max(free // 2, min(one, free)))))
        vanilla.cache.shrink(free - pool.limit)
        return lanes
