"""Weights & Biases, offline: the run's folder holds all of it until the user syncs it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from engine.snapshot import Point
from maedet_tui.trackers.values import curves, settings


class WandbSink:
    """An offline run in the run's folder `wandb`; `wandb sync FOLDER` uploads it."""

    def __init__(self, folder: Path, preset: str):
        import wandb

        self._run = wandb.init(
            dir=str(folder),
            project="maedet-tui",
            name=folder.name,
            config=settings(preset),
            # not a word on the terminal, which the screen has, nor of the machine and its code
            settings=wandb.Settings(
                mode="offline",
                silent=True,
                console="off",
                disable_git=True,
                save_code=False,
                x_disable_stats=True,
                x_disable_meta=True,
            ),
        )

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove what an earlier tracker of the run wrote."""
        place = folder / "wandb"
        if place.is_symlink():  # what it leads to was not made here
            place.unlink()
            return
        for run in place.glob("offline-run-*"):
            shutil.rmtree(run)
        for name in ("latest-run", "debug.log", "debug-internal.log"):
            (place / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # never made, or holds something of the user's
            place.rmdir()

    def add(self, points: Sequence[Point]) -> None:
        for point in points:
            self._run.log(curves(point), step=point.iteration)

    def close(self) -> None:
        self._run.finish()
