"""Takes the README's screenshot from a real search: `python docs/screenshots.py`.

The search is MAE-DET-M's own, in closed form, at its end; needs Python 3.11 or later.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from maedet_tui.app import MaedetApp
from maedet_tui.presets import load
from maedet_tui.runs.local import LocalRun

IMAGES = Path(__file__).resolve().parent / "images"
SIZE = (150, 46)


async def until(pilot, condition: Callable[[], bool]) -> None:
    """Let the app run until something holds."""
    while not condition():
        await pilot.pause(0.05)


async def take() -> None:
    # in a folder of its own, so that no path of this machine is in the pictures
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        run = LocalRun(load("maedet-m"), Path("runs"), "maedet-m")
        app = MaedetApp(run=run, start=lambda preset: run)
        async with app.run_test(size=SIZE) as pilot:
            run.start()
            await until(pilot, lambda: run.snapshot.ended)
            await pilot.pause(1.5)
            app.save_screenshot("dashboard.svg", str(IMAGES))
            run.stop()
        run.close(5)


if __name__ == "__main__":
    asyncio.run(take())
