"""Picking a preset, and what follows."""

import pytest

from maedet_tui.app import MaedetApp
from maedet_tui.screens.dashboard import Dashboard
from maedet_tui.screens.picker import Picker
from tests.ui import factory
from tests.ui.conftest import Watch

PRESETS = [factory.preset("maedet-s"), factory.preset("maedet-m"), factory.preset("maedet-l")]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_pick_and_start(size):
    started = []
    run = factory.FakeRun(factory.snapshot(), PRESETS[1])
    app = factory.picking(PRESETS, started, run)
    async with app.run_test(size=size) as pilot:
        w = Watch(app, run, pilot)
        await w.sees("maedet-s", "maedet-l", "≤ 91G FLOPs at 1280x800, ≤ 91 layers", "scorer auto")
        await w.press("down", "enter")
        await w.until(lambda: isinstance(app.screen, Dashboard))
        assert started == [PRESETS[1]]
        await w.sees("maedet-m", "41,200 of 96,000")


async def test_details_of_the_marked_preset():
    app = factory.picking(PRESETS, [], factory.FakeRun(factory.snapshot()))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        w = Watch(app, factory.FakeRun(factory.snapshot()), pilot)
        await w.sees("presets/maedet-s.yaml", "Initial structure", "kernels 3 or 5", "13.9M")
        await w.press("down")
        await w.sees("presets/maedet-m.yaml")


async def test_a_search_that_cannot_start_says_why():
    def start(_):
        raise OSError("runs: permission denied")

    app = MaedetApp(presets=lambda: PRESETS, start=start)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        w = Watch(app, factory.FakeRun(factory.snapshot()), pilot)
        await w.press("enter")
        await w.sees("maedet-s did not start", "runs: permission denied")
        assert isinstance(app.screen, Picker)


async def test_no_presets():
    app = factory.picking([], [], factory.FakeRun(factory.snapshot()))
    async with app.run_test(size=(80, 24)) as pilot:
        w = Watch(app, factory.FakeRun(factory.snapshot()), pilot)
        await w.press("enter")
        await w.sees("There is no preset to choose from")


async def test_quit_needs_no_question():
    app = factory.picking(PRESETS, [], factory.FakeRun(factory.snapshot()))
    async with app.run_test() as pilot:
        w = Watch(app, factory.FakeRun(factory.snapshot()), pilot)
        await w.press("q")
        await w.until(lambda: not app.is_running)


async def test_help():
    app = factory.picking(PRESETS, [], factory.FakeRun(factory.snapshot()))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        w = Watch(app, factory.FakeRun(factory.snapshot()), pilot)
        await w.press("question_mark")
        await w.sees("Search with the marked preset", "What every key does")


async def test_another_search_after_the_first():
    started = []
    run = factory.FakeRun(factory.finished(), PRESETS[0])
    app = factory.picking(PRESETS, started, run)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        w = Watch(app, run, pilot)
        await w.press("enter")
        await w.sees("The search finished")
        await w.press("n")
        await w.sees("Pick a preset")
        await w.press("down", "down", "enter")
        await w.sees("The search finished")
        assert started == [PRESETS[0], PRESETS[2]]
