"""Event files for TensorBoard, written by its own package; torch is not involved."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from engine.snapshot import Point
from maedet_tui.trackers.values import curves


class TensorBoardSink:
    """Event files in the run's folder `tensorboard`."""

    def __init__(self, folder: Path, preset: str):
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        place = folder / "tensorboard"
        place.mkdir(mode=0o700, exist_ok=True)
        self._writer = EventFileWriter(str(place))

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove what an earlier tracker of the run wrote."""
        place = folder / "tensorboard"
        if place.is_symlink():  # what it leads to was not made here
            place.unlink()
            return
        for events in place.glob("events.out.tfevents.*"):
            events.unlink()
        with contextlib.suppress(OSError):  # never made, or holds something of the user's
            place.rmdir()

    def add(self, points: Sequence[Point]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        for point in points:
            summary = Summary(
                value=[
                    Summary.Value(tag=tag, simple_value=value)
                    for tag, value in curves(point).items()
                ]
            )
            self._writer.add_event(Event(step=point.iteration, summary=summary))
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()
