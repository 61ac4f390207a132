"""Theme, plots, orders of lists and broken lines are those of the last time."""

from pathlib import Path

import pytest

from maedet_tui.app import MaedetApp
from maedet_tui.remembered import Remembered
from maedet_tui.widgets.glyphs import UNICODE
from maedet_tui.widgets.plot.plot import Plot
from tests.ui import factory
from tests.ui.conftest import Watch


async def begin(path: Path, *keys: str) -> tuple[str, str, bool]:
    """Start the app, press keys; theme, plot, and whether stages stand on one another."""
    run = factory.FakeRun(factory.fine())
    app = MaedetApp(run=run, start=None, characters=UNICODE, remembered=path)
    async with app.run_test(size=(120, 40)) as pilot:
        w = Watch(app, run, pilot)
        await w.press(*keys)
        plot = app.screen.query_one(Plot)
        found = app.theme, plot.kind.name, plot.stacked
        await w.rest()
    return found


async def test_theme_and_plot_are_those_of_the_last_time(tmp_path):
    path = tmp_path / "state" / "screen.json"
    first = await begin(path)
    second = await begin(path, "t", "4", "y")
    assert first[0] != second[0] and second[1:] == ("z", True)
    assert await begin(path) == second


async def at_home(path: Path, *keys: str, sees: tuple[str, ...]) -> None:
    """Start the app at home, press keys, and see texts on the screen."""
    app = MaedetApp(start=None, runs_dir=path.parent / "runs", characters=UNICODE, remembered=path)
    async with app.run_test(size=(120, 40)) as pilot:
        w = Watch(app, None, pilot)
        await w.sees("maedet-s")
        await w.press(*keys)
        await w.sees(*sees)
        await w.rest()


async def test_orders_of_lists_are_those_of_the_last_time(tmp_path, own_presets):
    path = tmp_path / "screen.json"
    await at_home(path, "s", "s", "tab", "s", sees=("Presets, by FLOPs", "Runs, by best Z"))
    await at_home(path, sees=("Presets, by FLOPs", "Runs, by best Z"))
    await at_home(path, "b", "s", "s", sees=("Structures, by params",))
    await at_home(path, "b", sees=("Structures, by params",))
    path.write_text('{"presets_by": "taste", "runs_by": true}')
    await at_home(path, sees=("─ Presets ─", "─ Runs ─"))


async def test_lines_are_broken_in_the_editor_as_the_last_time(tmp_path, own_presets):
    path, words = tmp_path / "screen.json", "word " * 60
    own_presets.mkdir(exist_ok=True)
    (own_presets / "long.yaml").write_text(f"description: {words}the end\nbudget: {{flops: 9G}}\n")
    keys = ("slash", *"long", "enter", "e")
    await at_home(path, *keys, "f4", sees=("the end",))
    await at_home(path, *keys, sees=("the end",))
    app = MaedetApp(start=None, runs_dir=tmp_path / "runs", characters=UNICODE, remembered=path)
    async with app.run_test(size=(120, 40)) as pilot:
        w = Watch(app, None, pilot)
        await w.sees("maedet-s")
        await w.press(*keys, "f4")
        await w.sees("description")
        assert "the end" not in w.text.partition("Problems")[0]
        await w.rest()


@pytest.mark.parametrize("text", ["", "[1]", '{"theme": 3, "plot": "none"}', "\x00", "[" * 9000])
async def test_a_file_that_is_none_of_ours_is_as_none(tmp_path, text):
    path = tmp_path / "screen.json"
    path.write_text(text)
    kept = Remembered(path)
    assert kept.word("theme", "usual") == "usual" and not kept.yes("stacked")


def test_a_place_that_cannot_be_written_costs_no_more_than_the_comfort(tmp_path):
    (tmp_path / "file").write_text("in the way")
    kept = Remembered(tmp_path / "file" / "screen.json")
    kept.keep(theme="light")
    assert kept.word("theme", "") == "light"
