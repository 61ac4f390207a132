"""Opens the app on a hand-made run and reads what is on its screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.notifications import Notification
from textual.pilot import Pilot

from engine.settings import Preset
from engine.snapshot import Snapshot
from maedet_tui.app import MaedetApp
from maedet_tui.widgets.glyphs import UNICODE, Glyphs
from tests.ui import factory
from tests.waiting import PATIENCE


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
        """Press keys, each once what the one before has led to has happened."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()
        await self.pilot.pause()

    async def rest(self) -> None:
        """Wait until nothing is worked out in a thread any more, and what was is shown."""
        deadline = time.monotonic() + PATIENCE
        while any(not worker.is_finished for worker in self.app.workers):
            assert time.monotonic() < deadline, list(self.app.workers)
            await asyncio.sleep(0.01)
        await self.settle()

    async def settle(self) -> None:
        """Let messages that lead to messages be handled, which Textual judges by the clock."""
        for _ in range(4):
            if self.app.is_running:
                await self.pilot.pause(0)


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """A toast that is gone after five seconds may never be seen on a busy machine, where
    half a minute may not do for a screen to settle either."""
    monkeypatch.setattr(Notification, "time_left", property(lambda self: 3600.0))
    monkeypatch.setattr(Pilot._wait_for_screen, "__defaults__", (PATIENCE,))

    # a process beside each search takes the core of another test; the bound has tests of its own
    monkeypatch.setattr("engine.run.preparing.bounded", lambda preset: False)

    async def at_once(*_):
        await asyncio.sleep(0)

    # between two keys, for which `Watch.press` waits by messages
    monkeypatch.setattr("textual.app.wait_for_idle", at_once)


@pytest.fixture
def watch():
    """Opens the dashboard: `async with watch(snapshot, size=(120, 40)) as w`."""

    @asynccontextmanager
    async def opened(
        snapshot: Snapshot,
        size: tuple[int, int] = (120, 40),
        characters: Glyphs = UNICODE,
        preset: Preset | None = None,
    ):
        run = factory.FakeRun(snapshot, preset)
        app = factory.app_for(run, characters)
        async with app.run_test(size=size, notifications=True) as pilot:
            w = Watch(app, run, pilot)
            yield w
            await w.rest()

    return opened


class Desk:
    """What the app was asked to begin, with a fake in place of an engine."""

    def __init__(self, snapshot=None):
        self.snapshot = snapshot or factory.finished()
        self.started: list[Preset] = []
        self.resumed: list[Path] = []
        self.run: factory.FakeRun | None = None

    def start(self, preset):
        self.started.append(preset)
        self.run = factory.FakeRun(self.snapshot, preset)
        return self.run

    def resume(self, folder):
        self.resumed.append(folder)
        return self.start(factory.preset())


@pytest.fixture
def home(tmp_path, own_presets):
    """Opens the home screen on tmp_path/runs: `async with home() as w`; `w.desk` keeps books."""

    @asynccontextmanager
    async def opened(size=(120, 40), characters=UNICODE, desk=None):
        desk = desk or Desk()
        app = MaedetApp(
            start=desk.start,
            resume=desk.resume,
            runs_dir=tmp_path / "runs",
            characters=characters,
        )
        async with app.run_test(size=size, notifications=True) as pilot:
            w = Watch(app, desk.run, pilot)
            w.desk = desk
            await w.sees("maedet-s")
            yield w
            await w.rest()

    return opened


async def marked(w, kind, name):
    """Put the mark on a row, as the arrow keys would."""
    table = w.app.screen.query_one(kind)
    table.focus()
    await w.until(lambda: any(row.id.endswith(name) for row in table._rows))
    table.mark(next(row.id for row in table._rows if row.id.endswith(name)))
    await w.settle()
