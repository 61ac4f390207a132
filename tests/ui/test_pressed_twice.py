"""Runs opened, resumed and left while something else is on its way, or has just ended."""

import threading
from dataclasses import replace

from maedet_tui.runs.local import LocalRun
from maedet_tui.runs.watched import WatchedRun
from maedet_tui.screens import messages
from maedet_tui.screens.dashboard.screen import Dashboard
from maedet_tui.screens.home.lists import RunTable
from maedet_tui.screens.home.screen import Home
from tests.store.conftest import QUICK, Standing, searched
from tests.ui import factory
from tests.ui.conftest import Desk, marked
from tests.ui.test_searches import at, said, screens
from tests.waiting import PATIENCE


async def test_home_twice_leaves_one_run(watch):
    async with watch(factory.snapshot()) as w:
        dashboard = w.app.screen
        dashboard.action_home()
        dashboard.action_home()  # before the first has been heeded
        await at(w, Home)
        await w.settle()
        assert screens(w) == [Home] and w.run.orders == []
        await w.press("escape")
        await at(w, Dashboard)
        assert w.app.screen.run is w.run


async def test_back_to_a_search_that_has_just_ended(home):
    async with home(desk=Desk(factory.snapshot())) as w:
        await w.press("enter")
        await at(w, Dashboard)
        await w.press("h")
        await w.sees("Back to search")
        w.desk.run.snapshot = factory.finished()
        w.app.screen.post_message(messages.BackToSearch())
        await said(w, "Z 2,260.50")
        assert screens(w) == [Home]


async def test_a_search_that_ends_without_a_best_is_said_too(home):
    async with home(desk=Desk(factory.starting())) as w:
        await w.press("enter")
        await at(w, Dashboard)
        await w.press("h")
        w.desk.run.snapshot = replace(factory.starting(), state="stopped")
        await w.until(lambda: w.app._notifications)
        (toast,) = w.app._notifications
        assert toast.title == "maedet-m-0: the search was stopped"
        assert toast.message == "Kept in runs/maedet-m-0"


async def test_the_run_that_was_asked_for_last_is_shown(home, tmp_path, monkeypatch):
    for name in ("one", "two"):
        searched(QUICK, tmp_path / "runs", name)
    go_on, closed, real, close = threading.Event(), [], WatchedRun.__init__, WatchedRun.close

    def wait(self, folder):
        assert folder.name != "one" or go_on.wait(PATIENCE)
        real(self, folder)

    monkeypatch.setattr(WatchedRun, "__init__", wait)
    monkeypatch.setattr(
        WatchedRun, "close", lambda self: (closed.append(self.run_dir.name), close(self))
    )
    async with home() as w:
        await marked(w, RunTable, "one")
        await w.press("enter")
        await marked(w, RunTable, "two")
        await w.press("enter")
        await at(w, Dashboard)
        go_on.set()
        await w.until(lambda: closed == ["one"])
        assert screens(w) == [Home, Dashboard] and w.app.screen.run.run_dir.name == "two"


async def test_a_run_that_is_paused_elsewhere_goes_on_there(home, tmp_path):
    run = LocalRun(QUICK, tmp_path / "runs", "alive")
    run._runner._scorer = Standing(QUICK.objective)
    run.start()
    try:
        async with home() as w:
            run.pause()
            await w.until(lambda: run.snapshot.state == "paused")
            await w.sees("paused")
            await marked(w, RunTable, "alive")
            await w.press("r")
            await at(w, Dashboard)
            await w.until(lambda: run.snapshot.state == "running")
            assert isinstance(w.app.screen.run, WatchedRun) and not w.desk.resumed
    finally:
        run.close()


async def test_what_took_the_place_of_a_search_that_was_looked_at_again(home, tmp_path):
    searched(QUICK, tmp_path / "runs", "one")
    desk = Desk(factory.snapshot())
    go_on, real = threading.Event(), desk.resume

    def resume(folder):
        assert go_on.wait(PATIENCE)
        return real(folder)

    desk.resume = resume
    async with home(desk=desk) as w:
        await w.press("enter")
        await at(w, Dashboard)
        first = desk.run
        await w.press("h")
        await marked(w, RunTable, "one")
        await w.press("r", "y", "escape")
        await at(w, Dashboard)
        assert w.app.screen.run is first
        go_on.set()
        await said(w, "list of runs leads to it")
        await w.until(lambda: first.orders == ["close"])
        await w.press("h")
        await at(w, Home)
        await w.sees("goes on here")
        await w.press("escape")
        await at(w, Dashboard)
        assert w.app.screen.run is desk.run is not first
