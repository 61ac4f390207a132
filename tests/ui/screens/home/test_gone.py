"""Home where there is nothing to mark, or where what was marked goes meanwhile."""

import threading

import pytest

from maedet_tui.app import MaedetApp
from maedet_tui.presets import library
from maedet_tui.screens.home.lists import PresetTable, RunTable
from maedet_tui.screens.home.looking import MANY, Runs
from maedet_tui.screens.home.screen import Home
from tests.store.conftest import QUICK, searched
from tests.ui import factory
from tests.ui.conftest import Watch, marked
from tests.waiting import PATIENCE

FOUR = "budget: {flops: 50G}\na: 1\nb: 1\nc: 1\nd: 1\n"


async def test_no_run_is_marked_where_there_are_none(home):
    async with home() as w:
        await w.sees("none in")
        await w.press("tab", "r", "d", "enter", "down")
        assert w.app.screen.focused is w.app.screen.query_one(RunTable)
        assert w.app.screen_stack[1:] == [w.app.screen] and not w.desk.resumed


async def test_keys_on_an_empty_list_of_presets(home, monkeypatch):
    async with home() as w:
        for some in ("names", "steps"):
            monkeypatch.setattr(library, some, lambda **_: [])
        w.app.screen.read_presets()
        await w.until(lambda: "maedet-s" not in w.text)
        await w.press("e", "c", "d", "enter")
        assert isinstance(w.app.screen, Home) and not w.desk.started


@pytest.mark.parametrize("kind", [PresetTable, RunTable])
async def test_a_row_that_goes_as_it_is_chosen(home, tmp_path, kind):
    searched(QUICK, tmp_path / "runs", "one")
    async with home() as w:
        await w.sees("finished")
        table = w.app.screen.query_one(kind)
        table.focus()
        await w.settle()
        table.action_select()  # handled once the list is another
        table.show([])
        await w.settle()
        assert isinstance(w.app.screen, Home) and not w.desk.started


async def test_a_preset_that_goes_while_it_is_read(home, own_presets, monkeypatch):
    (own_presets / "mine.yaml").write_text("budget: {flops: 50G}\n")
    reads, go_on, real = threading.Event(), threading.Event(), library.read

    def read(entry):
        if entry.name == "mine":
            reads.set()
            assert go_on.wait(PATIENCE)
        return real(entry)

    monkeypatch.setattr(library, "read", read)
    async with home() as w:
        await w.until(reads.is_set)
        await w.sees("mine *")
        (own_presets / "mine.yaml").unlink()
        w.app.screen.read_presets(check=False)
        go_on.set()
        await w.rest()
        assert "mine *" not in w.text and "153G" in w.text


async def test_four_problems_are_all_that_is_said_of_four(home, own_presets):
    (own_presets / "mine.yaml").write_text(FOUR)
    (own_presets / "more.yaml").write_text(FOUR + "e: 1\n")
    async with home((200, 60)) as w:
        await marked(w, PresetTable, "more")
        await w.sees("line 5: d", "and 1 more")
        await marked(w, PresetTable, "mine")
        await w.sees("line 5: d", "opens it in the editor")
        assert "line 6" not in w.text and " more" not in w.text.replace("more *", "")


async def test_quitting_before_the_device_is_found(home, monkeypatch):
    asked, go_on, raised = threading.Event(), threading.Event(), []

    def found():
        asked.set()
        assert go_on.wait(PATIENCE)
        return "a GPU"

    monkeypatch.setattr("maedet_tui.machine.device.found", found)
    monkeypatch.setattr(threading, "excepthook", raised.append)
    async with home() as w:
        await w.until(asked.is_set)
        looking = [one for one in threading.enumerate() if one.name == "device"]
        await w.press("q")
        await w.until(lambda: not w.app.is_running)
    go_on.set()
    for thread in looking:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert looking and not raised


async def test_resuming_where_nothing_can_be_resumed(tmp_path, own_presets):
    searched(QUICK, tmp_path / "runs", "one")
    app = MaedetApp(start=factory.FakeRun, runs_dir=tmp_path / "runs")
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        w = Watch(app, None, pilot)
        await w.sees("finished")
        await marked(w, RunTable, "one")
        await w.press("r")
        await w.rest()
        assert isinstance(w.app.screen, Home) and w.app.shown_run is None


def test_many_runs_are_shown_before_all_of_them_are_read(tmp_path):
    for number in range(MANY + 1):
        (tmp_path / f"run-{number:02}").mkdir()
        (tmp_path / f"run-{number:02}" / "run.db").write_text("no run")
    counts = []
    lines, said = Runs(tmp_path).read(lambda some: counts.append(len(some)))
    assert counts == [MANY] and len(lines) == MANY + 1 and said == ""
