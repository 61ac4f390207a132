"""Takes the README's screenshots from a real search: `python docs/screenshots.py`.

The search is MAE-DET-M's own, in closed form, halfway through fine mutation and at its
end; the SVG files go to docs/images.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from maedet_tui.app import MaedetApp
from maedet_tui.local_run import LocalRun
from maedet_tui.presets import load

IMAGES = Path(__file__).parent / "images"
SIZE = (150, 46)


async def until(pilot, condition: Callable[[], bool]) -> None:
    """Let the app run until something holds."""
    while not condition():
        await pilot.pause(0.05)


async def take() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = LocalRun(load("maedet-m"), Path(folder) / "runs", "maedet-m")
        app = MaedetApp(run=run, start=lambda preset: run)
        async with app.run_test(size=SIZE) as pilot:
            run.start()
            await until(pilot, lambda: run.snapshot.iteration > 60_000)
            run.pause()
            await until(pilot, lambda: run.snapshot.state == "paused")
            await pilot.pause(1)
            run.resume()
            await until(pilot, lambda: run.snapshot.ended)
            await pilot.pause(1.5)
            app.save_screenshot("dashboard.svg", str(IMAGES))
            run.stop()
        run.close(5)
        home = MaedetApp(start=lambda preset: run, runs_dir=Path(folder) / "runs")
        async with home.run_test(size=(120, 40)) as pilot:
            await pilot.pause(0.5)
            await home.workers.wait_for_complete()
            home.save_screenshot("presets.svg", str(IMAGES))


if __name__ == "__main__":
    asyncio.run(take())
