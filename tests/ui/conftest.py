"""Opens the app on a hand-made run and reads what is on its screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from engine.snapshot import Snapshot
from maedet_tui.app import MaedetApp
from maedet_tui.widgets.glyphs import UNICODE, Glyphs
from tests.ui import factory

PATIENCE = 10.0


class Watch:
    """An open app, the run it shows, and eyes."""

    def __init__(self, app: MaedetApp, run: factory.FakeRun, pilot: Pilot):
        self.app, self.run, self.pilot = app, run, pilot

    @property
    def text(self) -> str:
        """Every character on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips)

    async def until(self, condition: Callable[[], object], patience: float = PATIENCE) -> None:
        """Wait for something to become true; fail if it never does."""
        deadline = time.monotonic() + patience
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError
            await self.pilot.pause(0.01)

    async def sees(self, *texts: str) -> None:
        """Wait until all of the texts are on the screen."""
        try:
            await self.until(lambda: all(text in self.text for text in texts))
        except TimeoutError:
            missing = [text for text in texts if text not in self.text]
            pytest.fail(f"{missing} not on the screen:\n{self.text}")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()


@pytest.fixture
def watch():
    """Opens the dashboard: `async with watch(snapshot, size=(120, 40)) as w`."""

    @asynccontextmanager
    async def opened(
        snapshot: Snapshot, size: tuple[int, int] = (120, 40), characters: Glyphs = UNICODE
    ):
        run = factory.FakeRun(snapshot)
        app = factory.app_for(run, characters)
        async with app.run_test(size=size, notifications=True) as pilot:
            yield Watch(app, run, pilot)

    return opened
