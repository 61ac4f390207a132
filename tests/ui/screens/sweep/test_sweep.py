"""A sweep on the screen: what it shows, and what keys ask of whoever drives it."""

from contextlib import asynccontextmanager

import pytest

from engine.costs import total_cost
from engine.scorers.closed_form import ClosedForm
from engine.zoo import ZOO
from maedet_tui.app import MaedetApp
from maedet_tui.presets import load
from maedet_tui.screens.home import sweeping
from maedet_tui.screens.home.lists import PresetTable
from maedet_tui.screens.home.screen import Home
from maedet_tui.screens.sweep import screen as sweep_screen
from maedet_tui.screens.sweep.plane import Layer, Plane, draw
from maedet_tui.screens.sweep.screen import SweepScreen
from maedet_tui.store.lock import RunLock
from maedet_tui.sweep.begin import new_sweep
from maedet_tui.sweep.plan import Wanted, plan
from maedet_tui.sweep.searched import Ended, Task
from maedet_tui.sweep.store import SweepStore
from maedet_tui.sweep.varied import parse_varied
from maedet_tui.sweep.worker import search
from maedet_tui.widgets.glyphs import PLAIN, UNICODE
from tests.sweep.conftest import QUICK
from tests.ui.conftest import Watch, marked

STRUCTURES = ("maedet-s", "maedet-m", "resnet-50")


@pytest.fixture
def sweep(tmp_path):
    """Two budgets with two seeds: three searches have ended, the last of them failing."""
    (tmp_path / "quick.yaml").write_text(QUICK)
    wanted = Wanted((str(tmp_path / "quick.yaml"),), (parse_varied("budget.flops=60G,90G"),), 2)
    folder = new_sweep(wanted, plan(wanted), tmp_path / "runs", "family")
    scores = ClosedForm(load("maedet-m").objective).score(
        [ZOO[name].structure for name in STRUCTURES[:2]]
    )
    with SweepStore(folder, write=True) as store:
        for number, (name, score) in enumerate(zip(STRUCTURES, scores), 1):
            structure = ZOO[name].structure
            cost = total_cost(structure)._asdict()
            ended = Ended("finished", place="here", iteration=300, seconds=1.0, z=score.z,
                          method="closed-form",
                          structure=structure, **cost)  # fmt: skip
            store.end(number, ended)
        store.end(3, Ended("failed", error="out of luck"))
    return folder


@asynccontextmanager
async def shown(folder, size=(120, 40), characters=UNICODE):
    app = MaedetApp(
        start=lambda preset: None, runs_dir=folder.parent, sweep=folder, characters=characters
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        w = Watch(app, None, pilot)
        await w.sees("family")
        yield w
        await w.rest()


async def test_the_searches_their_front_and_their_seeds(sweep):
    async with shown(sweep) as w:
        await w.sees("1 flops 60G, seed 0", "2 finished", "out of luck", "48.7G", "nobody searches")
        await w.sees("best Z against its FLOPs", "ResNet-101", "MAE-DET-L")
        await w.press("3")
        await w.sees("Z of each seed", "flops 60G")


@pytest.mark.parametrize("size", [(180, 50), (80, 24), (50, 12)])
async def test_there_is_a_place_for_it_on_every_terminal(sweep, size):
    async with shown(sweep, size, PLAIN if size[0] == 80 else UNICODE) as w:
        await w.sees("1 flops 60G")
        assert w.text.isascii() == (size[0] == 80)


async def test_courses_of_what_has_been_searched_and_enter_opens_one(sweep):
    with SweepStore(sweep) as store:
        task = Task(4, str(sweep / "004-flops-90G-seed-1"), store.preset_text(4))
    ended = search(task, lambda: False, lambda: None)
    with SweepStore(sweep, write=True) as store:
        store.end(4, ended)
    async with shown(sweep) as w:
        await w.press("2")
        await w.sees("best Z as the searches go on", "iterations")
        await w.press("end", "enter")
        await w.sees("004-flops-90G-seed-1", "finished")
        await w.until(lambda: not isinstance(w.app.screen, SweepScreen))
        await w.press("escape")
        await w.until(lambda: isinstance(w.app.screen, SweepScreen))
        await w.press("escape")
        await w.until(lambda: isinstance(w.app.screen, Home))


async def test_keys_ask_who_drives_it(sweep):
    lock = RunLock(sweep)
    lock.take()
    try:
        async with shown(sweep) as w:
            await w.until(lambda: "nobody searches" not in w.text)
            await w.press("P")
            await w.rest()
            await w.press("X")
            await w.sees("Stop all searches of family?")
            await w.press("y")
            await w.rest()
            await w.press("r")
            await w.rest()
            await w.press("home", "p")
            await w.sees("It is finished.")
    finally:
        lock.release()
    with SweepStore(sweep, write=True) as store:
        assert store.wishes() == ["pause", "stop", "resume"]


async def test_r_goes_on_where_nobody_searches(sweep, monkeypatch):
    begun = []
    monkeypatch.setattr(sweep_screen, "begin_driving", begun.append)
    async with shown(sweep) as w:
        await w.sees("nobody searches")
        await w.press("P")
        await w.sees("r goes on.")
        await w.press("r")
        await w.until(lambda: begun == [sweep])


async def test_home_starts_a_sweep_of_the_marked_preset(home, monkeypatch, tmp_path):
    begun = []
    monkeypatch.setattr(sweeping, "begin_driving", begun.append)
    async with home() as w:
        await marked(w, PresetTable, "maedet-m")
        await w.sees("91G")
        await w.press("w")
        await w.sees("There are none")
        await w.press("v")
        await w.sees("Search maedet-m with which values?", "budget.flops=91G..182G:3")
        await w.press(*"=", "enter")  # in place of what was suggested
        await w.sees("KEY=VALUES")
        await w.press("backspace", *"search.seed=0,1", "enter")
        await w.sees("2 searches", "seed 1", "Start (y)")
        await w.press("y")
        await w.until(lambda: isinstance(w.app.screen, SweepScreen))
        await w.sees("1 seed 0", "waiting")
        assert begun == [w.app.screen.folder] and begun[0].parent == tmp_path / "runs"
        await w.press("escape")
        await w.until(lambda: isinstance(w.app.screen, Home))
        await w.press("w")
        await w.sees("Which sweep?", "2 searches, 2")
        await w.press("enter")
        await w.until(lambda: isinstance(w.app.screen, SweepScreen))


def test_a_plane_holds_every_point_within_its_axes():
    points = [(40e9, 1000.0), (160e9, 2500.0), (90e9, 2000.0)]
    plane = Plane((Layer(points, "o", "front", ("one", "two", "three")),), "FLOPs",
                  "{:.3g}".format, "{:.4g}".format)  # fmt: skip
    lines = ["".join(text for text, _ in row) for row in draw(plane, 60, 20, PLAIN)]
    assert len(lines) == 20 and {len(line) for line in lines} <= {59, 60}
    assert all(any(f"o {name}" in line for line in lines) for name in ("one", "two", "three"))
    assert "FLOPs" in lines[-1]
    assert draw(plane, 10, 20, PLAIN) == [] and draw(plane, 60, 4, PLAIN) == []
    one = plane._replace(layers=(Layer(points[:1], "o", "front"),))
    assert sum("o" in "".join(text for text, _ in row) for row in draw(one, 60, 20, PLAIN)) >= 1


async def test_capital_r_writes_a_page_about_the_sweep(sweep):
    async with shown(sweep) as w:
        await w.press("R")
        await w.sees("Wrote a report")
    text = (sweep / "report.html").read_text("utf-8")
    assert "<h1>family</h1>" in text and "Spread over seeds" in text
