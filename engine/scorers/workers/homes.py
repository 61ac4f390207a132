"""Which worker has the maps that a child goes on from."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from engine.structure import Structure

#: beginnings that are remembered; a worker's own cache has dropped most of those before them
MOST = 1 << 15


class Homes:
    """The worker that each beginning of a structure was run by last."""

    def __init__(self) -> None:
        self._homes: OrderedDict[int, int] = OrderedDict()

    def remember(self, structure: Structure, worker: int) -> None:
        """A worker has scored the structure, and keeps what it may of its maps."""
        for key in _beginnings(structure):
            self._homes[key] = worker
            self._homes.move_to_end(key)
        while len(self._homes) > MOST:
            self._homes.popitem(last=False)

    def forget(self, worker: int) -> None:
        """A worker is gone, with its maps."""
        for key in [key for key, home in self._homes.items() if home == worker]:
            del self._homes[key]

    def of(self, structure: Structure) -> int | None:
        """Who ran the longest beginning of the structure that is known of."""
        for key in reversed(list(_beginnings(structure))):
            if (home := self._homes.get(key)) is not None:
                return home
        return None


def _beginnings(structure: Structure) -> Iterator[int]:
    """A number for each beginning, the shortest first; two that share one by chance cost time
    and nothing else."""
    key = 0
    for block in structure.blocks:
        key = hash((key, block))
        yield key
