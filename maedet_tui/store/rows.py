"""What a transaction is made of: the rows that a checkpoint and a status come to."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection

from engine.run.checkpoint import Checkpoint
from engine.snapshot import Snapshot, Spread
from engine.structure import LEVELS
from maedet_tui.store import codec, database

_UNKNOWN = (None,) * len(LEVELS)
_NO_SPREAD = (None,) * len(Spread._fields)


def write_checkpoint(
    connection: sqlite3.Connection,
    checkpoint: Checkpoint,
    points: int = 0,
    bests: int = 0,
    born: Collection[int] = (),
) -> None:
    """Write a checkpoint, but for what the database has of it.

    points, bests: how many of them it has. born: of which iterations the members are that
    its population has. Raises sqlite3.Error.
    """
    state, had = checkpoint.evolution, set(born)
    new = checkpoint.history[points:]
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
    database.insert(connection, "bests", [codec.member_row(b) for b in checkpoint.bests[bests:]])
    members = state.members
    gone = list(had.difference(member.born for member in members))
    for chunk in database.chunks(gone):
        marks = ",".join("?" * len(chunk))
        connection.execute(f"DELETE FROM population WHERE iteration IN ({marks})", chunk)
    fresh = [codec.member_row(member) for member in members if member.born not in had]
    database.insert(connection, "population", fresh)
    database.insert(connection, "counts", list(state.counts.items()), verb="REPLACE")
    row = (
        1, time.time(), state.iteration, state.begun, state.switched_at,
        checkpoint.seconds, checkpoint.batch, codec.dumps(state.rng),
    )  # fmt: skip
    database.insert(connection, "checkpoint", [row], verb="REPLACE")


def write_status(connection: sqlite3.Connection, snapshot: Snapshot) -> None:
    """Write where a search stands and what it has found. Raises sqlite3.Error."""
    row = (
        1, time.time(), snapshot.state, codec.phase_text(snapshot.phase, snapshot.progress),
        snapshot.iteration, snapshot.iterations, snapshot.seconds, snapshot.rate, snapshot.eta,
        snapshot.scorer, snapshot.best.score.z if snapshot.best else None,
        snapshot.best_iteration, codec.dumps(codec.findings(snapshot)),
    )  # fmt: skip
    database.insert(connection, "status", [row], verb="REPLACE")
