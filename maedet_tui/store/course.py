"""How a run went, read step by step: its history, and each change of the best."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from engine.costs import Cost
from engine.snapshot import NewBest, Point, Spread
from engine.structure import LEVELS
from maedet_tui.store import cells, codec

#: rows that a table never has more of
MOST_POINTS, MOST_BESTS = 100_000, 1_000_000


class Course:
    """Reads each point and each change once: what was does not change."""

    def __init__(self) -> None:
        self._points: list[Point] = []
        self._frozen: tuple[Point, ...] = ()
        self._bests: list[NewBest] = []

    def points(self, connection: sqlite3.Connection) -> tuple[Point, ...]:
        """The history so far; only what is new is read."""
        last = self._points[-1].iteration if self._points else -1
        stages: dict[int, dict[str, tuple[Cost, float | None]]] = {}
        for row in rows(
            connection,
            "SELECT iteration, level, params, flops, layers, z FROM stages WHERE iteration > ?",
            MOST_POINTS * len(LEVELS),
            last,
        ):
            stages.setdefault(row["iteration"], {})[row["level"]] = (
                codec.read_cost(row),
                cells.maybe(cells.real, row["z"], "stage's score"),
            )
        for row in rows(
            connection,
            "SELECT iteration, z, accepted, worst, lower, middle, upper FROM history "
            "WHERE iteration > ? ORDER BY iteration",
            MOST_POINTS,
            last,
        ):
            iteration = cells.whole(row["iteration"], "history's iteration")
            levels = stages.get(iteration, {})
            if levels.keys() != set(LEVELS):
                raise ValueError(f"its stages at iteration {iteration:,} are not C1 to C5")
            costs, parts = zip(*(levels[level] for level in LEVELS))
            known = () if None in parts else tuple(parts)
            accepted = cells.maybe(cells.whole, row["accepted"], "accepted children")
            z = cells.real(row["z"], "history's score")
            self._points.append(Point(iteration, z, costs, accepted, known, _spread(row)))
        if len(self._frozen) != len(self._points):
            self._frozen = tuple(self._points)
        return self._frozen

    def new_bests(self, connection: sqlite3.Connection) -> tuple[NewBest, ...]:
        """Every change of the best; only what is new is read."""
        last = self._bests[-1].iteration if self._bests else -1
        for row in rows(
            connection,
            "SELECT iteration, z, origin FROM bests WHERE iteration > ? ORDER BY iteration",
            MOST_BESTS,
            last,
        ):
            new = NewBest(
                cells.whole(row["iteration"], "best's iteration"),
                cells.real(row["z"], "best's score"),
                cells.text(row["origin"], "best's origin", cells.SENTENCE),
            )
            self._bests.append(new)
        return tuple(self._bests)


def in_short(connection: sqlite3.Connection) -> list[tuple[int, float]]:
    """(iteration, Z of the best so far) of the history, without what the stages cost."""
    query = "SELECT iteration, z FROM history ORDER BY iteration"
    return [
        (
            cells.whole(row["iteration"], "history's iteration"),
            cells.real(row["z"], "history's score"),
        )
        for row in rows(connection, query, MOST_POINTS)
    ]


def rows(
    connection: sqlite3.Connection, query: str, most: int, *values: Any
) -> Iterator[sqlite3.Row]:
    """The rows of a query. Raises ValueError where they are more than `most`."""
    for number, row in enumerate(connection.execute(query, values)):
        if number >= most:
            raise ValueError(f"it has more than {most:,} rows where there are never as many")
        yield row


def _spread(row: sqlite3.Row) -> Spread | None:
    """How the population's Z was distributed, if that was recorded."""
    values = [cells.maybe(cells.real, row[name], f"population's {name}") for name in Spread._fields]
    known = [value for value in values if value is not None]
    return Spread(*known) if len(known) == len(values) else None
