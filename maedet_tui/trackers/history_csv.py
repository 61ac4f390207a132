"""history.csv: the history as a table."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from engine.snapshot import Point
from maedet_tui.trackers.values import HEADINGS, row


class CsvSink:
    """history.csv in the run's folder, complete after each addition."""

    def __init__(self, folder: Path, preset: str):
        # what an earlier one wrote is gone by now; what is there all the same is no file of ours
        handle = os.open(folder / "history.csv", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = open(handle, "w", newline="", encoding="utf-8")  # noqa: SIM115
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(HEADINGS)

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove what an earlier tracker of the run wrote."""
        path = folder / "history.csv"
        if path.is_symlink() or path.is_file():
            path.unlink()

    def add(self, points: Sequence[Point]) -> None:
        self._writer.writerows(map(row, points))
        self._file.flush()

    def close(self) -> None:
        self._file.close()
