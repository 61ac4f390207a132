"""Theme and plots are those of the last time."""

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
