"""Measured latencies on disk: one JSON file for each device, number format, batch and torch."""

from __future__ import annotations

import hashlib
import json
from math import isfinite
from pathlib import Path
from typing import Any

from engine.files import Unreadable, read_regular
from engine.latency.operations import Family
from engine.latency.table import Grid, points
from engine.outputs import write_whole

#: changes when files written before mean something else
SCHEMA = 2
#: of a file; a table of every family that a search can reach has a tenth of that
MOST_BYTES = 32 << 20


def file_of(folder: Path, key: dict[str, Any]) -> Path:
    """The file for that key: any other device or version has another one."""
    text = json.dumps([SCHEMA, key], sort_keys=True)
    return folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"


def save(
    path: Path, key: dict[str, Any], grids: dict[Family, Grid], factors: dict[str, float]
) -> None:
    """Write the file so that a reader sees the old one or the new one. Raises OSError."""
    document = {
        "schema": SCHEMA,
        "key": key,
        "in_place": factors,
        "families": [
            {**family._asdict(), "seconds": [[*widths, s] for widths, s in grid.items()]}
            for family, grid in grids.items()
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(document).encode())


def load(path: Path, key: dict[str, Any]) -> tuple[dict[Family, Grid], dict[str, float]]:
    """What `save` wrote for that key; nothing where the file is absent, damaged or not its."""
    try:
        document = json.loads(read_regular(path, MOST_BYTES))
        if document["schema"] != SCHEMA or document["key"] != key:
            return {}, {}
        grids = {}
        for entry in document["families"]:
            rows = entry.pop("seconds")
            entry["size"] = tuple(entry["size"])
            grid = {(int(inside), int(outside)): _time(s) for inside, outside, s in rows}
            family = Family(**entry)
            cheapest = points(family)[0]
            if (cheapest.inside, cheapest.outside) not in grid:  # all others may rest on it
                raise ValueError("a family without times")
            grids[family] = grid
        return grids, {str(op): _time(s) for op, s in document["in_place"].items()}
    except (Unreadable, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}, {}
    except ArithmeticError:  # infinities, and numbers of hundreds of digits
        return {}, {}


def _time(value: Any) -> float:
    seconds = float(value)
    if not (isfinite(seconds) and seconds > 0):
        raise ValueError("not a time")
    return seconds
