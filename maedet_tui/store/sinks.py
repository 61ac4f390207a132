"""Trackers that people already use: the history as it grows, in a format of theirs."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from engine.snapshot import Point
from engine.structure import LEVELS
from maedet_tui.run import SaveError

COSTS = ("params", "flops", "layers")
HEADINGS = ["iteration", "z", *(f"{name}_{level}" for level in LEVELS for name in COSTS)]


class Sink(Protocol):
    """Takes the points of a history, each once and in order, from its beginning."""

    def add(self, points: Sequence[Point]) -> None: ...

    def close(self) -> None: ...


def row(point: Point) -> list[float]:
    """A point under HEADINGS."""
    return [point.iteration, point.z, *(n for cost in point.stage_costs for n in cost)]


class CsvSink:
    """history.csv in the run's folder, complete after each addition."""

    def __init__(self, folder: Path):
        handle = os.open(folder / "history.csv", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = open(handle, "w", newline="", encoding="utf-8")  # noqa: SIM115
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(HEADINGS)

    def add(self, points: Sequence[Point]) -> None:
        self._writer.writerows(map(row, points))
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class TensorBoardSink:
    """Event files in the run's folder `tensorboard`: Z, and each level's costs (Figures 8-10)."""

    def __init__(self, folder: Path):
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        place = folder / "tensorboard"
        place.mkdir(mode=0o700, exist_ok=True)
        for old in place.glob("events.out.tfevents.*"):
            old.unlink()  # the history is told from its beginning again
        self._writer = EventFileWriter(str(place))

    def add(self, points: Sequence[Point]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        for point in points:
            values: dict[str, Any] = {"Z": point.z}
            for level, cost in zip(LEVELS, point.stage_costs, strict=True):
                values |= {f"{name}/{level}": getattr(cost, name) for name in COSTS}
            summary = Summary(
                value=[Summary.Value(tag=tag, simple_value=v) for tag, v in values.items()]
            )
            self._writer.add_event(Event(step=point.iteration, summary=summary))
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


SINKS: dict[str, type[CsvSink] | type[TensorBoardSink]] = {
    "csv": CsvSink,
    "tensorboard": TensorBoardSink,
}


def refuse_missing(names: Sequence[str]) -> None:
    """Raise SaveError for a tracker whose package is not installed."""
    if "tensorboard" in names and find_spec("tensorboard") is None:
        raise SaveError(
            "--track tensorboard: tensorboard is not installed; "
            "get it with `pip install 'maedet-tui[tensorboard]'`"
        )


class Trackers:
    """The sinks of a run. trouble: why one was given up, if so: a tracker never ends a search."""

    def __init__(self, names: Sequence[str], folder: Path):
        self.trouble: str | None = None
        self._names, self._folder = dict.fromkeys(names), folder
        self._sinks: dict[str, Sink] = {}
        self._told = 0
        self._opened = False

    def tell(self, history: tuple[Point, ...]) -> None:
        """Pass on the points that are new."""
        if not self._opened:
            self._opened = True
            for name in self._names:
                self._try(name, lambda name=name: self._sinks.update({name: self._open(name)}))
        points, self._told = history[self._told :], len(history)
        for name, sink in list(self._sinks.items()) if points else ():
            self._try(name, lambda sink=sink: sink.add(points))

    def close(self) -> None:
        """Finish all files."""
        for name, sink in list(self._sinks.items()):
            self._try(name, sink.close)
        self._sinks.clear()

    def _open(self, name: str) -> Sink:
        return SINKS[name](self._folder)

    def _try(self, name: str, work: Any) -> None:
        try:
            work()
        except (OSError, ImportError, ValueError, RuntimeError) as error:
            self._sinks.pop(name, None)
            self.trouble = f"{self._folder}: the tracker {name} was given up: {error}"
