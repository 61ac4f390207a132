"""What a transaction is made of: the rows that a checkpoint and a status come to."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from engine.run.checkpoint import Checkpoint
from engine.snapshot import Snapshot, Spread
from engine.structure import LEVELS
from maedet_tui.store import codec, database

_UNKNOWN = (None,) * len(LEVELS)
_NO_SPREAD = (None,) * len(Spread._fields)


@dataclass(frozen=True, slots=True)
class Had:
    """What a database has of a search: so many points and bests, and of which iterations the
    members and their ancestors are."""

    points: int = 0
    bests: int = 0
    born: frozenset[int] = frozenset()
    ancestors: frozenset[int] = frozenset()

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Had:
        """What it has once a checkpoint is written."""
        state = checkpoint.evolution
        return cls(
            len(checkpoint.history),
            len(checkpoint.bests),
            frozenset(member.born for member in state.members),
            frozenset(one.born for one in state.ancestors),
        )


NOTHING = Had()


def write_checkpoint(
    connection: sqlite3.Connection, checkpoint: Checkpoint, had: Had = NOTHING
) -> None:
    """Write a checkpoint, but for what the database has of it. Raises sqlite3.Error."""
    state = checkpoint.evolution
    new = checkpoint.history[had.points :]
    database.insert(
        connection,
        "history",
        [
            (point.iteration, point.z, point.accepted, *(point.spread or _NO_SPREAD))
            for point in new
        ],
    )
    stages = [
        (point.iteration, level, *cost, part)
        for point in new
        for level, cost, part in zip(LEVELS, point.stage_costs, point.parts or _UNKNOWN)
    ]
    database.insert(connection, "stages", stages)
    bests = [codec.member_row(best) for best in checkpoint.bests[had.bests :]]
    database.insert(connection, "bests", bests)
    _leave_out(connection, "population", had.born, (member.born for member in state.members))
    fresh = [codec.member_row(member) for member in state.members if member.born not in had.born]
    database.insert(connection, "population", fresh)
    _leave_out(connection, "ancestors", had.ancestors, (one.born for one in state.ancestors))
    gone = [tuple(one) for one in state.ancestors if one.born not in had.ancestors]
    database.insert(connection, "ancestors", gone)
    database.insert(connection, "counts", list(state.counts.items()), verb="REPLACE")
    database.insert(connection, "mutations", state.tally, verb="REPLACE")
    row = (
        1, time.time(), state.iteration, state.begun, state.switched_at,
        checkpoint.seconds, checkpoint.batch, codec.dumps(state.rng),
    )  # fmt: skip
    database.insert(connection, "checkpoint", [row], verb="REPLACE")


def _leave_out(
    connection: sqlite3.Connection, table: str, had: Collection[int], kept: Iterable[int]
) -> None:
    """Delete the rows of a table whose iterations are not among those that are kept."""
    for chunk in database.chunks(list(set(had).difference(kept))):
        marks = ",".join("?" * len(chunk))
        connection.execute(f"DELETE FROM {table} WHERE iteration IN ({marks})", chunk)


def write_status(connection: sqlite3.Connection, snapshot: Snapshot) -> None:
    """Write where a search stands and what it has found. Raises sqlite3.Error."""
    row = (
        1, time.time(), snapshot.state, codec.phase_text(snapshot.phase, snapshot.progress),
        snapshot.iteration, snapshot.iterations, snapshot.seconds, snapshot.rate, snapshot.eta,
        snapshot.scorer, snapshot.best.score.z if snapshot.best else None,
        snapshot.best_iteration, codec.dumps(codec.findings(snapshot)),
    )  # fmt: skip
    database.insert(connection, "status", [row], verb="REPLACE")
