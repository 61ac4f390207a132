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
from maedet_tui.presets import builtin_presets, load

IMAGES = Path(__file__).parent / "images"
SIZE = (150, 46)


async def until(pilot, condition: Callable[[], bool]) -> None:
    """Let the app run until something holds."""
    while not condition():
        await pilot.pause(0.05)


async def take() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = LocalRun(load("maedet-m"), Path(folder) / "runs", "maedet-m")
        app = MaedetApp(run=run, presets=builtin_presets, start=lambda preset: run)
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
        picker = MaedetApp(presets=builtin_presets, start=lambda preset: run)
        async with picker.run_test(size=(100, 30)) as pilot:
            await pilot.pause(0.5)
            picker.save_screenshot("presets.svg", str(IMAGES))


if __name__ == "__main__":
    asyncio.run(take())
