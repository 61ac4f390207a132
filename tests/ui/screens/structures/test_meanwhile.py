"""Lists and comparisons: keys pressed twice or taken back, and scores that come too late."""

import threading
from dataclasses import replace

import pytest

from engine.formats import structure_yaml
from engine.scorers.base import Score
from engine.zoo import ZOO
from maedet_tui.screens.structures import compare, measuring
from maedet_tui.screens.structures.browse import Browse
from maedet_tui.screens.structures.compare import Compare
from maedet_tui.screens.structures.comparison_view import NumbersView
from maedet_tui.screens.structures.item_list import ItemList
from tests.store.conftest import QUICK, searched
from tests.ui.screens.structures.test_structures import POPULATED, S, said
from tests.waiting import PATIENCE

TWO = ("b", "down", "space", "down", "space", "c")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


async def test_a_question_that_is_left_changes_nothing(watch):
    async with watch(POPULATED, size=(160, 60)) as w:
        await w.press(*TWO)
        await w.sees("2,283.67", "alphas 0:0:1:1:6")
        before = w.app.screen.query_one(NumbersView).text
        for keys in (("a", "escape"), ("a", "enter"), ("z", "escape"), ("z", "enter")):
            await w.press(*keys)
            assert isinstance(w.app.screen, Compare)
            await w.rest()
            assert w.app.screen.query_one(NumbersView).text == before


async def test_one_structure_twice_has_the_same_blocks(watch):
    async with watch(POPULATED, size=(160, 60)) as w:
        # the best, and the member of the population that it is
        await w.press("b", "home", "space")
        items = w.app.screen.query_one(ItemList)
        place = next(i for i, one in enumerate(items.options) if "member 1" in str(one.prompt))
        items.highlighted = place
        await w.press("space", "c", "d")
        await w.sees("Blocks that differ", "the same blocks in all of them")


async def test_scores_of_an_order_that_is_no_more(watch, monkeypatch):
    begun, go_on, real = threading.Event(), threading.Event(), compare.closed_form

    def slow(objective, structures):
        if not begun.is_set():
            begun.set()
            assert go_on.wait(PATIENCE)
        return real(objective, structures)

    monkeypatch.setattr(compare, "closed_form", slow)
    async with watch(POPULATED, size=(160, 60)) as w:
        await w.press(*TWO)
        await w.until(begun.is_set)
        await w.press("r")
        await w.sees("* marks what differs from MAE-DET-M")
        go_on.set()
        await w.sees("2,283.67", "-17.8 %")  # of the order that is on show


async def test_all_has_been_measured(watch, monkeypatch):
    score = Score(100.0, (float("nan"),) * 5, 2.0, "zen", "by hand", 4)
    monkeypatch.setattr(measuring, "measure", lambda *_: score)
    async with watch(POPULATED, size=(160, 60)) as w:
        await w.press(*TWO, "m")
        await w.rest()
        await w.press("m")
        await said(w, "All of it has been measured.")


async def test_no_path_and_a_path_twice(watch, tmp_path):
    (tmp_path / "mine.yaml").write_text(structure_yaml.dumps(S))
    async with watch(POPULATED, size=(100, 40)) as w:
        await w.press("b", "o", "escape")
        assert isinstance(w.app.screen, Browse) and "Files" not in w.text
        for _ in range(2):
            await w.press("o", *"mine.yaml", "enter")
            await w.sees("Files")
        items = w.app.screen.query_one(ItemList)
        assert sum("mine" in str(option.prompt) for option in items.options) == 1
        assert "mine" in str(items.highlighted_option.prompt)


async def test_a_run_is_compared_by_its_own_objective(home, tmp_path):
    objective = replace(QUICK.objective, alphas=(0.0, 0.0, 1.0, 0.0, 0.0))
    searched(replace(QUICK, objective=objective), tmp_path / "runs", "one")
    async with home((160, 60)) as w:
        await w.press("b")
        await w.sees("Saved runs")
        await w.press("space", *["down"] * len(ZOO), "space", "c")
        await w.until(lambda: isinstance(w.app.screen, Compare))
        await w.sees("alphas 0:0:1:0:0")
