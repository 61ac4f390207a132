"""One search in this process and many runs to look at: the search goes on beside the screens."""

import threading

import pytest

from maedet_tui.errors import SaveError
from maedet_tui.runs.watched import WatchedRun
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.dashboard.screen import Dashboard
from maedet_tui.screens.home.lists import PresetTable, RunTable
from maedet_tui.screens.home.screen import Home
from maedet_tui.screens.structures.browse import Browse
from maedet_tui.screens.structures.structure import StructureScreen
from tests.store.conftest import QUICK, searched
from tests.ui import factory
from tests.ui.conftest import Desk, marked
from tests.waiting import PATIENCE


@pytest.fixture
def desk():
    return Desk(factory.snapshot())


async def at(w, screen):
    await w.until(lambda: isinstance(w.app.screen, screen))


async def said(w, text):
    await w.until(lambda: any(text in toast.message for toast in w.app._notifications))


def screens(w):
    return [type(screen) for screen in w.app.screen_stack[1:]]


@pytest.mark.parametrize("key", ["h", "n", "escape"])
async def test_home_and_back_while_the_search_goes_on(home, desk, key):
    async with home(desk=desk) as w:
        await w.press("enter")
        await at(w, Dashboard)
        await w.press(key)
        await at(w, Home)
        await w.sees("maedet-m-0 goes on here", "Back to search")
        assert desk.run.orders == []
        await w.press("escape")
        await at(w, Dashboard)
        assert w.app.screen.run is desk.run and screens(w) == [Home, Dashboard]
        assert desk.run.orders == []


async def test_escape_leaves_a_panel_that_fills_the_screen_first(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("f", "escape")
        assert isinstance(w.app.screen, Dashboard) and w.app.screen.maximized is None
        await w.press("escape")
        await at(w, Home)


@pytest.mark.nightly
async def test_the_list_of_runs_leads_back_to_the_search(home, desk, tmp_path):
    from dataclasses import replace

    from maedet_tui.runs.local import LocalRun

    endless = replace(QUICK, schedule=replace(QUICK.schedule, iterations=10**9))
    runs = []

    def start(preset):
        runs.append(LocalRun(endless, tmp_path / "runs", "alive"))
        runs[0].start()
        return runs[0]

    desk.start = start
    async with home(desk=desk) as w:
        await w.press("enter")
        await at(w, Dashboard)
        await w.until(lambda: runs[0].snapshot.best is not None)
        await w.press("h")
        await w.sees("▶ running", "alive goes on here")
        table = w.app.screen.query_one(RunTable)
        await w.until(lambda: table.marked == "alive")
        before = runs[0].snapshot.iteration
        await w.press("tab", "d")
        await w.sees("alive is under way")
        await w.until(lambda: runs[0].snapshot.iteration > before)  # nobody disturbs it
        await w.press("enter")
        await at(w, Dashboard)
        assert w.app.screen.run is runs[0]
        await w.press("h", "r")
        await at(w, Dashboard)
        assert w.app.screen.run is runs[0]
        await w.press("h")
        runs[0].stop()
        await said(w, f"Kept in {tmp_path / 'runs/alive'}")
        await w.until(lambda: "Back to search" not in w.text)
        await w.press("q")  # nothing is left to ask about
        await w.until(lambda: not w.app.is_running)


async def test_another_search_asks_what_becomes_of_the_first(home, desk):
    async with home(desk=desk) as w:
        await w.press("enter")
        await at(w, Dashboard)
        first = desk.run
        await w.press("h", "down", "enter")
        await w.sees("still searching. Stop it, and", "Keep it")
        await w.press("n")
        assert len(desk.started) == 1 and first.orders == []
        await w.press("enter", "y")
        await at(w, Dashboard)
        assert w.app.screen.run is desk.run is not first
        await w.until(lambda: first.orders == ["close"])
        await w.press("q")
        await w.sees("Stop it and quit?")
        await w.press("y")
        await w.until(lambda: not w.app.is_running)
        assert desk.run.orders == ["stop"] and first.orders == ["close"]


async def test_another_search_out_of_the_editor_asks_too(home, desk):
    async with home(desk=desk) as w:
        await w.press("enter")
        await at(w, Dashboard)
        await w.press("h", "e")
        await w.sees("valid")
        await w.press("ctrl+r")
        await w.sees("still searching. Stop it, and")
        await w.press("y")
        await at(w, Dashboard)
        assert len(desk.started) == 2 and screens(w) == [Home, Dashboard]


@pytest.mark.parametrize("keys", [(), ("b",), ("question_mark",)])
async def test_quitting_asks_wherever_one_is(home, desk, keys):
    async with home(desk=desk) as w:
        await w.press("enter")
        await at(w, Dashboard)
        await w.press("h", *keys, "ctrl+c")
        await w.sees("Stop it and quit?", "runs/maedet-m-0")
        await w.press("n")
        assert w.app.is_running and desk.run.orders == []
        await w.press("ctrl+c", "y")
        await w.until(lambda: not w.app.is_running)
        assert desk.run.orders == ["stop"]


async def test_how_a_search_ends_is_said_wherever_one_is(home, desk):
    async with home(desk=desk) as w:
        await w.press("enter")
        await at(w, Dashboard)
        await w.press("h", "b")
        await w.sees("This search", "member 1")
        desk.run.snapshot = factory.finished()
        await said(w, "Z 2,260.50, 29.4M params")
        await w.until(lambda: desk.run.orders == ["close"])
        await w.press("enter")
        await at(w, StructureScreen)
        await w.sees("29.4M params")
        await w.press("q")
        await w.until(lambda: not w.app.is_running)


async def test_another_run_is_looked_at_meanwhile(home, desk, tmp_path):
    searched(QUICK, tmp_path / "runs", "old")
    async with home(desk=desk) as w:
        await w.press("enter")
        await at(w, Dashboard)
        await w.press("h")
        await marked(w, RunTable, "old")
        await w.press("enter")
        await at(w, Dashboard)
        await w.sees("The search finished")
        assert isinstance(w.app.screen.run, WatchedRun)
        await w.press("q")
        await w.sees("Stop it and quit?", "runs/maedet-m-0")
        await w.press("n", "h")
        await w.sees("maedet-m-0 goes on here")
        assert screens(w) == [Home] and desk.run.orders == []


async def test_from_a_search_that_was_begun_without_a_home(watch):
    async with watch(factory.snapshot()) as w:
        await w.press("b", "escape", "h")
        await at(w, Home)
        await w.press("escape")
        await at(w, Dashboard)
        assert screens(w) == [Home, Dashboard] and w.app.screen.run is w.run


@pytest.fixture
def slow_to_open(monkeypatch):
    """Runs open when the event that this returns is set."""
    go_on = threading.Event()
    real = WatchedRun.__init__

    def wait(self, folder):
        go_on.wait(PATIENCE)
        real(self, folder)

    monkeypatch.setattr(WatchedRun, "__init__", wait)
    return go_on


async def test_going_elsewhere_while_a_run_is_opened(home, tmp_path, slow_to_open):
    searched(QUICK, tmp_path / "runs", "one")
    async with home() as w:
        await marked(w, RunTable, "one")
        await w.press("enter", "b")
        await at(w, Browse)
        slow_to_open.set()
        await w.app.workers.wait_for_complete()
        await w.pilot.pause()
        assert screens(w) == [Home, Browse] and w.app.shown_run is None
        await w.press("escape", "enter")
        await at(w, Dashboard)
        await w.press("b", "escape", "h")
        await at(w, Home)
        assert screens(w) == [Home]


async def test_a_search_that_was_resumed_on_the_way_elsewhere_goes_on(home, desk, tmp_path):
    searched(QUICK, tmp_path / "runs", "one")
    go_on, real = threading.Event(), desk.resume

    def resume(folder):
        go_on.wait(PATIENCE)
        return real(folder)

    desk.resume = resume
    async with home(desk=desk) as w:
        await marked(w, RunTable, "one")
        await w.press("r", "b")
        await at(w, Browse)
        go_on.set()
        await said(w, "list of runs leads to it")
        await w.press("escape")
        await w.sees("goes on here")
        await w.press("q")
        await at(w, Confirm)
        assert desk.run.orders == []


async def test_enter_twice_starts_one_search(home, desk):
    async with home(desk=desk) as w:
        w.app.screen.query_one(PresetTable).focus()
        await w.press("enter", "enter")
        await at(w, Dashboard)
        assert len(desk.started) == 1


async def test_a_search_goes_on_if_none_begins_in_its_place(home, desk, tmp_path):
    searched(QUICK, tmp_path / "runs", "one")

    def refuse(_):
        raise SaveError("one: has finished already")

    async with home(desk=desk) as w:
        await w.press("enter")
        await at(w, Dashboard)
        first = desk.run
        desk.start = desk.resume = refuse
        w.app.searches._start = w.app.searches._resume = refuse
        await w.press("h", "enter", "y")
        await said(w, "has finished already")
        w.app.clear_notifications()
        await marked(w, RunTable, "one")
        await w.press("r")
        await w.sees("Stop it, and go on with")
        await w.press("y")
        await said(w, "has finished already")
        await w.sees("maedet-m-0 goes on here")
        assert first.orders == []


async def test_resuming_takes_the_place_of_the_search(home, desk, tmp_path):
    searched(QUICK, tmp_path / "runs", "one")
    async with home(desk=desk) as w:
        await w.press("enter")
        await at(w, Dashboard)
        first = desk.run
        await w.press("h")
        await marked(w, RunTable, "one")
        await w.press("r", "y")
        await at(w, Dashboard)
        assert w.app.screen.run is desk.run is not first
        await w.until(lambda: first.orders == ["close"])
        assert desk.run.orders == []


async def test_a_key_pressed_twice_resumes_once(home, desk, tmp_path):
    searched(QUICK, tmp_path / "runs", "one")
    go_on, real = threading.Event(), desk.resume

    def resume(folder):
        assert go_on.wait(PATIENCE)
        return real(folder)

    desk.resume = resume
    async with home(desk=desk) as w:
        await marked(w, RunTable, "one")
        await w.press("r", "r")
        go_on.set()
        await at(w, Dashboard)
        await w.rest()
        assert len(desk.resumed) == 1 and desk.run.orders == []
