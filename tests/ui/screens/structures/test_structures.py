"""Looking at structures: the best as it changes, members, the list, comparisons, the clipboard."""

import time

import pytest

import engine.scorers.factory
from engine.formats import structure_info, structure_yaml
from engine.scorers.base import Score
from engine.search.member import Member, Proposal
from engine.settings import CLOSED_PROXIES
from engine.zoo import ZOO
from maedet_tui.app import MaedetApp
from maedet_tui.screens.dashboard.screen import Dashboard
from maedet_tui.screens.structures.browse import Browse
from maedet_tui.screens.structures.compare import Compare
from maedet_tui.screens.structures.comparison_drawing import StageBars, TowersView
from maedet_tui.screens.structures.comparison_view import BlocksView, NumbersView
from maedet_tui.screens.structures.structure import StructureScreen
from maedet_tui.screens.structures.tower import TowerPanel
from maedet_tui.widgets.glyphs import PLAIN
from tests.store.conftest import QUICK, searched
from tests.ui import factory
from tests.ui.conftest import Watch

M, S = ZOO["maedet-m"].structure, ZOO["maedet-s"].structure


def member(structure, z, born, origin):
    one = factory.candidate(structure, z)
    return Member(Proposal(structure, one.cost, born, origin), one.score)


MEMBERS = (
    member(factory.BEST, 2260.5, 39_871, "C4 bottleneck 112 -> 136"),
    member(M, 2241.0, 38_000, "C2 kernel 5 -> 3"),
    member(S, 2229.8, 20_123, "C5 depth 8 -> 10"),
)
POPULATED = factory.snapshot(members=MEMBERS)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Nothing is read from the runs of whoever tests, and nothing written beside the tests."""
    monkeypatch.chdir(tmp_path)


async def said(w, text):
    """Wait until a toast says something, however its lines are broken."""
    await w.until(lambda: any(text in toast.message for toast in w.app._notifications))


async def test_best_then_member_then_copy(watch):
    async with watch(POPULATED, size=(140, 44)) as w:
        await w.press("v")
        await w.sees(
            "best of maedet-m-0, iteration 39,871", "Follows the best", "Z 2,260.50",
            "29.4M params, 88.7G FLOPs at 1280x800, 91 layers", "Tower", "Entropy of each stage",
        )  # fmt: skip
        await w.press("n")
        await w.sees("member 2, 2 of 3 in the population", "38,000 by C2 kernel 5 -> 3",
                     "25.8M params, 89.9G FLOPs", "2 of 3")  # fmt: skip
        await w.press("y")
        await w.sees("Copied as YAML", "member 2")
        assert structure_yaml.loads(w.app.clipboard) == M
        await w.press("i")
        await w.sees("Copied as structure_info")
        assert structure_info.loads(w.app.clipboard) == M
        await w.press("n", "m")
        await w.sees("Copied as Markdown tables", "member 3")
        assert "| ResBlock | 5 | 272 | 1024 | 2 | 80 | 10 | C4 |" in w.app.clipboard
        await w.press("p", "p")
        await w.sees("iteration 39,871", "1 of 3")
        await w.press("escape")
        assert isinstance(w.app.screen, Dashboard)


async def test_the_best_is_followed_until_another_is_chosen(watch):
    async with watch(POPULATED, size=(140, 44)) as w:
        await w.press("v")
        await w.sees("iteration 39,871")
        better = factory.candidate(M, 2283.7)
        w.run.snapshot = factory.snapshot(best=better, best_iteration=50_000, members=MEMBERS)
        await w.sees("iteration 50,000", "25.8M params", "Z 2,283.70")
        await w.press("f")
        w.run.snapshot = factory.snapshot(best_iteration=60_000, members=MEMBERS)
        await w.press("n", "p")
        await w.sees("iteration 50,000")
        assert "60,000" not in w.text
        await w.press("f")
        await w.sees("iteration 60,000", "Follows the best")


async def test_before_there_is_a_best(watch):
    async with watch(factory.starting(), size=(140, 44)) as w:
        await w.press("v", "n", "y", "S")
        assert isinstance(w.app.screen, StructureScreen)
        w.run.snapshot = POPULATED
        await w.sees("iteration 39,871")
        await w.press("escape")
        w.run.snapshot = factory.starting()
        await w.press("S")
        await w.sees("no best structure to save yet")


async def test_the_tower_is_to_scale(watch):
    async with watch(POPULATED, size=(140, 60)) as w:
        await w.press("v", "n")
        await w.sees("member 2")
        rows = w.app.screen.query_one(TowerPanel).text.splitlines()
        # a row each for the stem and the 2 + 10 + 10 + 8 bottlenecks of M
        starts = {row[:2]: i for i, row in enumerate(rows) if row[:1] == "C"}
        assert starts == {"C1": 0, "C2": 1, "C3": 3, "C4": 13, "C5": 23} and rows[31] == ""
        left, right = zip(*(rows[starts[f"C{i}"]].split("│") for i in range(1, 6)))
        # each level halves the side of the map before; the bar is to half a cell
        sides = [row.count("█") + row.count("▐") / 2 for row in left]
        assert sides == [8, 4, 2, 1, 0.5]
        widths = [row.count("█") + row.count("░") for row in right]
        for cells, channels in zip(widths, M.widths):
            assert cells == pytest.approx(channels * widths[-1] / 2048, abs=1)


async def test_entropies_of_what_has_none_are_worked_out(watch):
    async with watch(POPULATED, size=(140, 44)) as w:
        await w.press("b")
        await w.until(lambda: isinstance(w.app.screen, Browse))
        await w.press("down", "down", "enter")
        # six forward passes of M measured 258.23 at C5, with a deviation of 0.5 each
        await w.sees("MAE-DET-M, Table 12", "Scored by closed form", "258.01", "Z 2,283.67")
        await w.press("n")
        await w.sees("MAE-DET-L, Table 14", "152.9G FLOPs")
        await w.press("f")  # there is nothing to follow
        await w.sees("MAE-DET-L, Table 14")


async def test_mark_two_and_compare(watch):
    async with watch(POPULATED, size=(160, 60)) as w:
        await w.press("b")
        await w.sees("The paper", "MAE-DET-S", "This search", "Population", "member 3")
        await w.press("c")
        await said(w, "0 marked, but a comparison is of 2 to 6")
        await w.press("down", "space", "c")
        await w.sees("1 marked: MAE-DET-S")
        await said(w, "mark at least one more")
        await w.press("down", "space", "c")
        await w.until(lambda: isinstance(w.app.screen, Compare))
        await w.sees("21.2M", "25.8M", "48.7G", "89.9G", "44.7", "46.8", "2,283.67")
        assert "* marks what differs from MAE-DET-S" in w.text
        await w.press("r")
        await w.sees("* marks what differs from MAE-DET-M", "-17.8 %")
        await w.press("d")
        await w.sees("Blocks that differ")
        assert "stride" not in w.app.screen.query_one(BlocksView).text
        await w.press("2")
        await w.sees("* marks what differs from MAE-DET-S", "to no. 2", "+21.7 %")
        await w.press("v")
        await w.sees("+4.6M", "+41.2G", "Numbers of the others are differences to MAE-DET-S.")
        await w.press("3", "v")  # there are two
        assert "+4.6M" not in w.text and "differs from MAE-DET-S" in w.text
        # below the tables, to one scale
        towers = w.app.screen.query_one(TowersView)
        rows = towers.text.splitlines()
        medium, small = rows[rows.index("") - 1].split()  # the last row of C5
        ends = [structure.blocks[-1].out_channels for structure in (M, S)]
        assert len(small) / len(medium) == pytest.approx(ends[1] / ends[0], rel=0.05)
        assert len([row for row in rows if row[:2] in ("C1", "C2", "C3", "C4", "C5")]) == 5
        await w.press("w")
        bars = w.app.screen.query_one(StageBars)
        assert bars.display and not towers.display
        rows = bars.text.splitlines()
        assert len([row for row in rows if "MAE-DET-S" in row]) == 5
        assert any("258.0" in row for row in rows if "MAE-DET-M" in row)
        await w.press("w")
        assert not bars.display and not towers.display
        await w.press("escape", "u")
        await w.sees("Nothing marked")


async def test_seven_are_too_many(watch):
    async with watch(POPULATED, size=(160, 60)) as w:
        await w.press("b", *["down", "space"] * 7, "c")
        await said(w, "7 marked, but a comparison is of 2 to 6 structures: take 1 of the marks")
        await w.press("space", "c")
        await w.until(lambda: isinstance(w.app.screen, Compare))


async def test_alphas_and_image_size_of_choice(watch):
    async with watch(POPULATED, size=(160, 60)) as w:
        await w.press("b", "down", "space", "down", "space", "c")
        await w.sees("2,283.67")
        await w.press("a", "ctrl+u", *"0 0 1", "enter")
        await w.sees("'0 0 1' is not five numbers")
        await w.press(*" 0 0", "enter")
        # Z is now the nominal size of C3 times its entropy: 4 H(C3)
        await w.sees("alphas 0:0:1:0:0")
        await w.sees("371.9")
        await w.press("z", "ctrl+u", *"224x224", "enter")
        await w.sees("FLOPs at 224x224", "4.4G")


async def test_measuring_goes_on_beside_the_screen_and_can_be_given_up(watch, monkeypatch):
    asked, hold = [], []

    class Judge:
        def __init__(self, name):
            self.name = name

        def score(self, structures, cancelled):
            asked.append((self.name, structures[0]))
            while hold and not cancelled():
                time.sleep(0.001)
            if cancelled():
                from engine.scorers.base import Cancelled

                raise Cancelled
            if self.name == "synflow":
                from engine.scorers.base import ScoringError

                raise ScoringError("synflow is too large; lower the resolution")
            z = 100.0 + len(asked)
            return [Score(z, (float("nan"),) * 5, 2.0, self.name, f"{self.name} by hand", 4)]

    right = engine.scorers.factory.make_scorer

    def make(name, device, objective, forward):
        if name in CLOSED_PROXIES:
            return right(name, device, objective, forward)
        assert name != "forward" or forward.repeats >= 4
        return Judge(name)

    monkeypatch.setattr("engine.scorers.factory.make_scorer", make)
    async with watch(POPULATED, size=(160, 60)) as w:
        await w.press("b", "down", "space", "down", "space", "c")
        await w.sees("2,283.67")
        hold.append(True)
        await w.press("m")
        await w.sees("Measuring Z by passes of MAE-DET-S, 1 of 20; x cancels")
        await w.press("x")
        await w.sees("Cancelled")
        assert "Z by passes" not in w.app.screen.query_one(NumbersView).text
        hold.clear()
        asked.clear()
        await w.press("m")
        await w.sees("NASWOT", "Zen-Score", "synflow is too large; lower the resolution", "120.00")
        assert len(asked) == 20 and {structure for _, structure in asked} == {S, M}
        # only what failed is asked for again
        asked.clear()
        await w.press("m")
        await w.until(lambda: len(asked) == 2)
        assert {name for name, _ in asked} == {"synflow"}
        hold.append(True)
        await w.press("m", "escape")  # leaving gives up too


async def test_a_file_by_its_path(watch, tmp_path):
    (tmp_path / "mine.yaml").write_text(structure_yaml.dumps(S))
    async with watch(POPULATED, size=(100, 40)) as w:
        await w.press("b", "o", *"mine.yam", "enter")
        await w.sees("mine.yam: no such file")
        await w.press("l", "enter")
        await w.sees("Files", "mine")
        await w.press("enter")
        await w.sees("mine, mine.yaml", "21.2M params")


async def test_browsing_from_anywhere_comes_back_to_the_same_list(watch):
    async with watch(POPULATED, size=(120, 40)) as w:
        await w.press("b", "down", "space")
        # headings, the marked one drawn beside, words and an order
        await w.sees("name", "params", "Structures", "MAE-DET-S, Table 13", "total, 79")
        await w.press("slash", *"resnet", "enter")
        await w.sees('with "resnet"', "ResNet-101")
        assert "MAE-DET-L" not in w.text
        await w.press("s", "s", "s")
        await w.sees("by FLOPs")
        await w.press("down", "escape")
        await w.sees("MAE-DET-L", "ResNet-101, ")
        costs = [item.cost.flops for item in w.app.screen._shown[1 : 1 + len(ZOO)]]
        assert costs == sorted(costs)
        await w.press("s", "s", "s", "home", "down", "enter")
        await w.until(lambda: isinstance(w.app.screen, StructureScreen))
        await w.press("b")
        await w.sees("1 marked: MAE-DET-S")
        assert len(w.app.screen_stack) == 3
        await w.press("escape")
        assert isinstance(w.app.screen, Dashboard)


async def test_saved_runs_from_the_home_screen(tmp_path, monkeypatch):
    monkeypatch.setenv("MAEDET_PRESETS", str(tmp_path / "presets"))
    saved = searched(QUICK, tmp_path / "runs", "one").snapshot.best
    (tmp_path / "runs" / "two").mkdir()
    (tmp_path / "runs" / "two" / "run.db").write_bytes(b"nothing of the sort")

    def start(_):
        raise AssertionError

    app = MaedetApp(start=start, runs_dir=tmp_path / "runs")
    async with app.run_test(size=(120, 50), notifications=True) as pilot:
        w = Watch(app, factory.FakeRun(POPULATED), pilot)
        await w.press("b")
        await w.sees("Saved runs", "one", "ResNet-101", "two")
        await w.press(*["down"] * len(ZOO), "enter")
        cost = saved.cost
        await w.sees("best of", f"{saved.score.z:,.2f}", f"{cost.layers} layers",
                     f"{cost.params / 1e6:.1f}M params")  # fmt: skip
        await w.press("escape", "escape")
        await w.sees("Presets")


async def test_the_best_in_the_list_is_followed(watch):
    async with watch(POPULATED, size=(100, 40)) as w:
        await w.press("b", "enter")
        await w.sees("Follows the best of the search")


@pytest.mark.parametrize("keys", [("v",), ("b",), ("b", *["down", "space"] * 6, "c")])
@pytest.mark.parametrize("size", [(20, 5), (200, 60)])
async def test_every_size(watch, size, keys):
    async with watch(POPULATED, size=size) as w:
        await w.press(*keys)
        await w.press("tab", "end", "t")
        assert w.app.is_running
        assert len(w.text.splitlines()) == size[1]


async def test_tabs_of_a_small_terminal(watch):
    async with watch(POPULATED, size=(80, 24)) as w:
        await w.press("v")
        await w.sees("Structure", "Z 2,260.50", "Tables")
        await w.press("end")
        await w.sees("Costs of each block", "38 %")
        await w.press("tab")
        await w.sees("left: side of the maps", "a row is 3 bottlenecks")


async def test_a_sentence_where_nothing_else_fits(watch):
    async with watch(POPULATED, size=(40, 10)) as w:
        await w.press("v")
        await w.sees("29.4M params, 88.7G FLOPs", "Tables and tower need a larger")
        await w.press("escape", "b", "down", "space", "down", "space", "c")
        await w.sees("MAE-DET-S, MAE-DET-M: their", "50x12")


async def test_plain_characters(watch):
    async with watch(POPULATED, size=(140, 44), characters=PLAIN) as w:
        for keys in (("v",), ("b",), ("down", "space", "down", "space", "c")):
            await w.press(*keys)
            await w.until(lambda: w.app.screen.query("Panel"))
            screen = w.text
            assert screen.isascii(), sorted({c for c in screen if not c.isascii()})


async def test_every_key_is_explained(watch):
    async with watch(POPULATED, size=(140, 44)) as w:
        for keys in (("v",), ("b",), ("down", "space", "down", "space", "c")):
            await w.press(*keys)
            for _, binding in w.app.screen._bindings:
                assert binding.tooltip or binding.system or not binding.description or (
                    binding.action in ("app.focus_next", "app.focus_previous", "screen.copy_text")
                ), binding  # fmt: skip
