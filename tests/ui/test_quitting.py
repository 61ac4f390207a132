"""Quitting at any moment, be it before there is anything to see."""

import asyncio

import pytest

from maedet_tui.app import MaedetApp
from tests.ui import factory


@pytest.mark.parametrize("first", ["home", "dashboard"])
@pytest.mark.parametrize("turns", range(6))
async def test_while_the_first_screen_is_put_together(tmp_path, own_presets, first, turns):
    run = factory.FakeRun(factory.snapshot())
    app = MaedetApp(
        run=run if first == "dashboard" else None, start=lambda _: run, runs_dir=tmp_path
    )

    async def quit_early():
        while len(app.screen_stack) < 2:
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        app.exit()

    quitter = asyncio.create_task(quit_early())
    await app.run_async(headless=True, size=(120, 40))
    await quitter
    assert app.return_code == 0
