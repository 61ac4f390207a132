"""What works, the lineage, and the table of the best: marked where it changed, or at the cursor."""

from dataclasses import replace

from engine.search.ancestry import Ancestor
from engine.search.member import Member, Proposal
from engine.search.tally import BEST, Tallied
from engine.zoo import ZOO
from maedet_tui.course import works
from maedet_tui.course.diversity import diversity
from maedet_tui.screens.dashboard.best_table import MARKED_FOR, Changes
from maedet_tui.widgets.structure_view import MARKED, StructureView, differing
from tests.ui import factory

TALLY = (
    Tallied("C2", "kernel", False, "accepted", 30),
    Tallied("C2", "kernel", False, BEST, 4),
    Tallied("C2", "kernel", False, "flops", 10),
    Tallied("C4", "depth", False, "layers", 50),
    Tallied("C4", "depth", True, "accepted", 9),
    Tallied("C4", "depth", True, "layers", 1),
    Tallied("C4", "out_channels", False, "duplicate", 5),
)
LINEAGE = tuple(
    Ancestor(100 * i, 100 * (i - 1) if i else None, 900.0 + i, f"C3 out {i} -> {i + 1}")
    for i in range(60)
)


def told(lines):
    return [(line.name, line.tried, line.accepted, line.bests) for line in lines]


def test_children_are_summed_by_what_changed_and_by_stage():
    assert told(works.by_field(TALLY)) == [
        ("kernel", 40, 30, 4), ("out", 5, 0, 0), ("depth", 60, 9, 0), ("several", 10, 9, 0),
    ]  # fmt: skip
    assert told(works.by_stage(TALLY)) == [("C2", 40, 30, 4), ("C4", 65, 9, 0)]
    assert [line.name for line in works.by_both(TALLY)] == ["C2 kernel", "C4 out", "C4 depth"]
    counts = {"accepted": 39, "flops": 10, "layers": 51, "duplicate": 5}
    assert works.refuses_most(counts) == "over layers, 48.6 %"
    assert works.refuses_most({"accepted": 3, "worse": 4, "duplicate": 1}) is None


def test_how_much_structures_differ_is_counted_by_stage():
    initial, m = ZOO["initial"].structure, ZOO["maedet-m"].structure
    assert {(one.depths, one.widths) for one in diversity([m, m])} == {(1, 1)}
    found = diversity([initial, m])
    assert [one.level for one in found] == ["C1", "C2", "C3", "C4", "C5"]
    assert found[0][1:] == (1, 1) and found[3][1:] == (2, 2)


def test_a_block_differs_in_the_columns_that_do_and_a_new_one_in_all():
    best = factory.BEST
    blocks = list(best.blocks)
    assert differing(best, best) == [set()] * len(blocks)
    blocks[3] = blocks[3]._replace(bottleneck=64, depth=4)
    half = blocks[3]._replace(in_channels=blocks[3].out_channels, stride=1)
    split = best._replace(blocks=(*blocks[:4], half, *blocks[4:]))
    assert differing(split, best) == [set(), set(), set(), {5, 6}, set(range(7)), set()]


def test_what_has_changed_is_marked_for_some_seconds():
    one, two, three = (factory.growing(share) for share in (0.0, 0.5, 1.0))
    changes = Changes()
    assert changes.take(one, 0.0) is None is changes.take(one, 100.0)
    assert changes.take(two, 101.0) == one
    assert changes.take(three, 102.0) == one
    assert not changes.over(101.0 + MARKED_FOR - 0.1)
    assert changes.over(101.0 + MARKED_FOR) and changes.take(three, 101.0 + MARKED_FOR) == two
    assert changes.take(three, 102.0 + MARKED_FOR) is None
    assert not changes.over(1e9)


def marked(w):
    lines = w.app.screen.query_one("#best", StructureView)._lines
    return [text for line in lines for text, style in line if style == MARKED]


async def test_what_works_and_the_lineage_fill_the_screen_and_go_back(watch):
    async with watch(factory.fine(tally=TALLY, lineage=LINEAGE)) as w:
        panel = w.app.screen.query_one("#works")
        assert "refused most: over FLOPs, 49.3 %" in panel.text and "C2" not in panel.text
        await w.press("w")
        await w.sees("several", "C2 kernel", "40         30  75.0 %         4  over FLOPs, 25.0 %")
        await w.press("l")
        await w.sees("C3 out 59 -> 60", "steps between", "900.00            C3 out 0 -> 1")
        assert "several" not in w.text
        w.run.snapshot = factory.fine(lineage=LINEAGE[50:])
        await w.sees("What was before is not recorded.")
        await w.press("l")
        await w.sees("Best structure")
        await w.press("w")
        await w.sees("Nothing is recorded of what the mutations")
        w.app.screen.maximize(w.app.screen.query_one("#population"))
        await w.sees("different       C1   C2   C3   C4   C5", "depths           1    1    1")


async def test_the_best_is_marked_and_follows_the_cursor(watch, monkeypatch):
    now = [0.0]
    for module in ("best_table", "screen"):
        monkeypatch.setattr(f"maedet_tui.screens.dashboard.{module}.monotonic", lambda: now[0])
    best = factory.candidate()
    blocks = [b._replace(bottleneck=88) if b.bottleneck == 72 else b for b in best.structure.blocks]
    other = replace(best, structure=best.structure._replace(blocks=tuple(blocks)))
    async with watch(factory.fine(best=best)) as w:
        for born, structure in ((0, factory.INITIAL), (70_200, best.structure)):
            w.run.bests[born] = Member(Proposal(structure, best.cost, born, ""), best.score)
        await w.sees("Best structure")
        assert marked(w) == []
        w.run.snapshot = factory.fine(best=other)
        await w.until(lambda: marked(w) == ["88"])
        now[0] = MARKED_FOR
        await w.until(lambda: marked(w) == [])
        w.run.snapshot = factory.fine(best=best)
        await w.press("d")
        await w.sees("marked where it is not the best before")
        await w.until(lambda: "72" in marked(w) and "2048" not in marked(w))
        await w.press("d")
        await w.sees("marked where it is not the paper's")
        await w.until(lambda: "216" in marked(w) and "72" not in marked(w))
        await w.press("d", "comma", *["less_than_sign"] * 3)
        await w.sees("Best at the cursor", "of iteration 0  ")
        assert str(factory.INITIAL.blocks[-1].bottleneck) in w.text
        await w.press("0")
        await w.sees("Best structure", "iteration 70,200")
