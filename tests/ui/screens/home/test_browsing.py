"""The lists of the home screen: six numbers before a search, words, orders, marks, notes, names."""

import pytest
from textual.widgets import Input

from engine.settings import Schedule
from maedet_tui.runs.local import LocalRun
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.home.lists import PresetTable, RunTable
from maedet_tui.screens.home.numbers import Numbers
from maedet_tui.screens.home.screen import Home
from maedet_tui.store.listing import line
from maedet_tui.widgets.glyphs import PLAIN
from tests.store.conftest import QUICK, Standing, searched
from tests.ui.conftest import marked


async def test_six_numbers_before_a_search(home, own_presets):
    (own_presets / "wrong.yaml").write_text("budget: {flopps: 1}\n")
    async with home((80, 24)) as w:
        await marked(w, PresetTable, "wrong")
        await w.press("f")
        await w.sees("wrong has a problem")
        await marked(w, PresetTable, "built-in maedet-m")
        await w.press("f")
        await w.sees("Search maedet-m with", "91G", "96000", "256", "Most FLOPs of the backbone")
        await w.press("ctrl+u", *"40G", "enter")
        await w.sees("the initial structure has 46.9G flops")
        assert not w.desk.started
        await w.press("ctrl+u", *"60G", "down", *"26M", "down", "down", "ctrl+u", *"3000")
        await w.sees("T, how many children are made", "ends early")
        await w.press("down", "ctrl+u", *"auto", "down", "ctrl+u", "7")
        await w.until(lambda: not w.app.screen.query_one("#wrong").visual.plain)
        await w.press("enter")
        await w.until(lambda: w.desk.started)
        (found,) = w.desk.started
        assert (found.budget.flops, found.budget.params) == (60_000_000_000, 26_000_000)
        assert (found.budget.layers, found.name) == (91, "maedet-m")
        schedule = found.schedule
        assert (schedule.iterations, schedule.population, schedule.seed) == (3000, "auto", 7)
        assert Schedule().keep == schedule.keep
        await w.press("n", "f", "escape")
        await w.until(lambda: isinstance(w.app.screen, Home))
        assert len(w.desk.started) == 1 and not w.app.screen.query(Numbers)


@pytest.mark.nightly  # a live search, and looks at a folder that wait for the clock
async def test_runs_are_found_sorted_noted_renamed_and_deleted_together(home, tmp_path):
    folder = tmp_path / "runs"
    first = searched(QUICK, folder, "one").run_dir
    for name in ("two", "three"):
        (folder / name).mkdir()
        (folder / name / "run.db").write_bytes((first / "run.db").read_bytes())
    alive = LocalRun(QUICK, folder, "alive")
    alive._runner._scorer = Standing(QUICK.objective)
    alive.start()
    try:
        async with home() as w:
            table = w.app.screen.query_one(RunTable)

            def names():
                return [row.id for row in table._rows]

            await w.until(lambda: len(names()) == 4 and "running" in w.text)
            await marked(w, RunTable, "two")
            await w.press("a")
            await w.sees("A note about two")
            await w.press(*"the [good] one", "enter")
            await w.sees("the [good] one")
            assert line(folder / "two").note == "the [good] one"
            assert "note" in w.text

            # what is typed leaves the rows that have it, in the note too
            await w.press("slash", *"GOOD", "enter")
            await w.sees('Runs, 1 of 4 with "GOOD"')
            assert names() == ["two"] and table.has_focus
            await w.press("escape")
            assert len(names()) == 4
            await w.press("slash", *"zz", "escape")
            assert len(names()) == 4 and table.has_focus
            await w.press("s", "s")
            await w.sees("Runs, by name")
            assert names() == ["alive", "one", "three", "two"]
            await w.press("s", "s", "s", "s")
            assert "Runs, by" not in w.text

            # a run under way keeps its name
            await marked(w, RunTable, "alive")
            await w.press("m")
            await w.sees("Not renamed", "alive is under way")
            await marked(w, RunTable, "two")
            await w.press("m", "ctrl+u", *"one")
            await w.sees("is there already")
            await w.press("ctrl+u", *"best", "enter")
            await w.until(lambda: "best" in names())
            assert table.marked == "best" and line(folder / "best").note == "the [good] one"
            assert not (folder / "two").exists()

            # several at once, but for the one under way
            await w.press("space")
            for name in ("alive", "three"):
                await marked(w, RunTable, name)
                await w.press("space")
            await w.sees("3 marked", "* three")
            await marked(w, RunTable, "one")
            await w.press("d")
            assert isinstance(w.app.screen, Confirm)
            await w.sees("Remove these 2 runs", "best, three", "alive: under way, and not removed")
            await w.press("y")
            await w.until(lambda: sorted(names()) == ["alive", "one"])
            assert sorted(path.name for path in folder.iterdir()) == ["alive", "one"]
            await w.press("u")
            assert "marked" not in w.text
    finally:
        alive.close()


async def test_presets_are_found_and_sorted_too(home, own_presets):
    (own_presets / "mine.yaml").write_text("budget: {flops: 50G}\ndescription: a heron\n")
    async with home() as w:
        await w.sees("50G")
        await w.press("slash", *"heron", "down")
        await w.sees("Presets, 1 of", 'with "heron"')
        table = w.app.screen.query_one(PresetTable)
        assert table.marked == "own mine" and table.has_focus
        # a preset that is made shows itself
        await w.press("c")
        await w.sees("mine-2")
        w.app.screen.query_one(Input).value = "copied"
        await w.press("enter")
        await w.until(lambda: table.marked == "own copied")
        await w.press("escape", "s", "s")
        await w.sees("Presets, by FLOPs")
        assert table._rows[0].id == "built-in maedet-mb-s"


async def test_the_numbers_are_there_with_plain_characters_too(home):
    async with home(size=(80, 24), characters=PLAIN) as w:
        await w.press("f")
        await w.sees("Search maedet-s with", "FLOPs       49G", "iterations  96000")
