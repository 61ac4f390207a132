"""The lineage of a run's best, read step by step: from each one's mutation to its parent."""

from __future__ import annotations

import sqlite3

from engine.search.ancestry import Ancestor
from maedet_tui.store import codec

_STEP = " UNION ALL ".join(
    f"SELECT iteration, parent, z, origin FROM {table} WHERE iteration = :born"
    for table in ("population", "ancestors", "bests")
)


class Lineage:
    """Reads each step once: what made a structure does not change."""

    def __init__(self) -> None:
        self._known: dict[int, Ancestor] = {}

    def read(self, connection: sqlite3.Connection, born: int) -> tuple[Ancestor, ...]:
        """The lineage of the structure of that iteration, itself last, as far back as it is
        recorded. Raises one of codec.DAMAGE, and sqlite3.Error."""
        found: list[Ancestor] = []
        at: int | None = born
        while at is not None:
            step = self._known.get(at)
            if step is None:
                row = connection.execute(_STEP, {"born": at}).fetchone()
                if row is None:
                    break
                step = codec.read_ancestor(row)
            found.append(step)
            at = step.parent
        self._known = {step.born: step for step in found}
        return tuple(reversed(found))
