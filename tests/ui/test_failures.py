"""What fails beside the screen is told in a sentence, and its traceback is in a log."""

import asyncio
import threading
import time

import pytest

from maedet_tui import logs
from maedet_tui.runs.local import LocalRun
from maedet_tui.screens.dashboard.screen import Dashboard
from maedet_tui.screens.home.screen import Home
from maedet_tui.screens.structures import listed
from tests.store.conftest import QUICK
from tests.ui import factory
from tests.waiting import PATIENCE


@pytest.fixture(autouse=True)
def log(user_log):
    """The user's log of this test."""
    logs.begin()
    return user_log


def fail(*_, **__):
    raise ZeroDivisionError("by zero")


def notices(w):
    return [toast.message for toast in w.app._notifications]


async def told(w, sentence, log):
    expected = f"{sentence} (ZeroDivisionError: by zero); the traceback is in {log}"
    await w.until(lambda: expected in notices(w))
    written = log.read_text()
    assert "Traceback (most recent call last)" in written and sentence in written
    assert "in fail" in written and "ZeroDivisionError: by zero" in written


async def test_a_key_whose_work_fails(watch, log, monkeypatch):
    monkeypatch.setattr(listed, "saved_items", fail)
    async with watch(factory.finished()) as w:
        await w.press("b")
        await told(w, "The saved runs could not be read", log)
        await w.sees("That went wrong")
        await w.press("escape")  # nothing else is the worse for it
        assert isinstance(w.app.screen, Dashboard)


async def test_runs_that_cannot_be_listed(home, log, monkeypatch):
    monkeypatch.setattr("maedet_tui.store.listing.Listing.lines", fail)
    async with home() as w:
        await told(w, "The runs could not be listed", log)
        assert isinstance(w.app.screen, Home)


async def test_presets_that_cannot_be_checked(home, log, monkeypatch):
    monkeypatch.setattr("maedet_tui.presets.library.read", fail)
    async with home() as w:
        await told(w, "The presets could not be checked", log)
        await w.sees("maedet-s")


async def test_a_thread_of_its_own_that_fails(home, log, monkeypatch):
    monkeypatch.setattr("maedet_tui.machine.device.found", fail)
    async with home() as w:
        await told(w, "The thread 'device' has failed", log)
    assert logs._told == []


async def test_an_export_that_fails(watch, tmp_path, log, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("maedet_tui.screens.structures.save_as.export", fail)
    async with watch(factory.finished()) as w:
        await w.press("S", "ctrl+s")
        await w.sees("yaml could not be written (ZeroDivisionError: by zero)")
        assert "in fail" in log.read_text()


async def test_of_what_nobody_waits_for_only_the_log_knows(watch, log, monkeypatch):
    logs.begin("info")
    left, began = threading.Event(), threading.Event()

    def late(_):
        began.set()
        assert left.wait(PATIENCE)
        fail()

    monkeypatch.setattr(listed, "saved_items", late)
    async with watch(factory.finished()) as w:
        await w.press("b")
        await w.until(began.is_set)
        await w.press("escape")
        await w.until(lambda: isinstance(w.app.screen, Dashboard))
        left.set()
        await w.until(lambda: log.exists() and "in fail" in log.read_text())
        assert notices(w) == []


async def test_without_a_log_it_is_told_all_the_same(watch, tmp_path, monkeypatch):
    (tmp_path / "state").write_text("a file where the folder should be")
    monkeypatch.setattr(listed, "saved_items", fail)
    async with watch(factory.finished()) as w:
        await w.press("b")
        await w.until(lambda: any("no log could be written" in said for said in notices(w)))


async def test_a_crash_of_the_screen_is_logged(log, monkeypatch):
    app = factory.app_for(factory.FakeRun(factory.finished()))
    monkeypatch.setattr(Dashboard, "action_save", fail)
    with pytest.raises(ZeroDivisionError):
        async with app.run_test() as pilot:
            await pilot.press("s")
            deadline = time.monotonic() + PATIENCE
            while app.return_code != 1 and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
    assert app.return_code == 1
    assert "The screen has crashed" in log.read_text() and "in fail" in log.read_text()


class Broken:
    """A scorer that breaks off, in a way that nobody foresaw, when it has scored some."""

    method, detail, batch, notices = "closed-form", "broken", 1, ()

    def score(self, structures, cancelled=lambda: False):
        fail()


async def test_a_search_that_breaks_off_names_the_log_of_its_run(home, tmp_path, log):
    from tests.ui.conftest import Desk

    class Breaking(Desk):
        def start(self, preset):
            self.run = LocalRun(QUICK, tmp_path / "runs", "broken")
            self.run._runner._scorer = Broken()
            self.run.start()
            return self.run

    desk = Breaking()
    async with home(desk=desk) as w:
        await w.press("enter")
        await w.until(lambda: desk.run is not None and desk.run.snapshot.ended)
        written = tmp_path / "runs" / "broken" / "run.log"
        error = "the search broke off: ZeroDivisionError: by zero"
        await w.until(lambda: desk.run.snapshot.error == f"{error}; the traceback is in {written}")
        await w.sees("The search failed", "ZeroDivisionError: by zero", "run.log")
        assert "in fail" in written.read_text() and not log.exists()
        desk.run.close()
    assert "in fail" in written.read_text()  # what was found is nothing, but not why
