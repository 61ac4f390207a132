"""The population as points, and as a band under the curve of Z."""

from dataclasses import replace

import pytest

from engine.snapshot import Spread
from maedet_tui.widgets.glyphs import PLAIN, UNICODE
from maedet_tui.widgets.plot.canvas import draw
from maedet_tui.widgets.plot.kinds import chart_of, kind_of
from maedet_tui.widgets.plot.scatter import Cloud, draw_cloud, front
from tests.ui import factory


def spread_out():
    """Nine members: the older, the cheaper and the worse, but for one that is costly and bad."""
    made = []
    for i, member in enumerate(factory.members(9, now=10_000)):
        cost = member.cost._replace(flops=(90 - i) * 10**9)
        proposal = member.proposal._replace(cost=cost, born=1000 - i)
        made.append(member._replace(proposal=proposal))
    costly = made[-1].proposal._replace(cost=made[0].cost._replace(flops=95 * 10**9), born=2000)
    return (*made, made[-1]._replace(proposal=costly))


def lines(cloud, width=70, height=16, glyphs=PLAIN):
    return ["".join(text for text, _ in row) for row in draw_cloud(cloud, width, height, glyphs)]


def test_of_the_front_nothing_is_worse_and_costs_more():
    assert front([(3, 9), (1, 5), (2, 4), (2, 7), (4, 9), (5, 10)]) == [1, 3, 0, 5]


def test_points_are_where_cost_and_z_are():
    drawn = lines(Cloud(spread_out(), "flops", (89.5e9, 2250.0)))
    area = [line[:-10].partition("|")[2] or line[:-10].partition("+")[2] for line in drawn[:-2]]
    assert sum(row.count("*") for row in area) == 9
    assert sum(row.count("P") for row in area) == 1
    # the one that no front holds: the youngest, at the far right and at the foot
    assert [row.rstrip()[-1:] for row in area if "o" in row] == ["o"]
    assert drawn[-1].split() == ["80G", "85G", "90G", "95G", "FLOPs"]


@pytest.mark.parametrize("glyphs", [PLAIN, UNICODE])
@pytest.mark.parametrize("size", [(70, 16), (36, 12), (26, 6), (200, 50)])
def test_every_line_is_as_wide_as_asked(glyphs, size):
    drawn = lines(Cloud(spread_out(), "params", (25e6, 2283.0)), *size, glyphs)
    assert [len(line) for line in drawn] == [size[0]] * size[1]


def test_one_member_and_none():
    assert lines(Cloud(factory.members(1), "flops", None))
    assert lines(Cloud((), "flops", (1.0, 2.0))) == []
    assert lines(Cloud(factory.members(3), "flops", None), 12, 4) == []


@pytest.mark.parametrize("glyphs", [PLAIN, UNICODE])
def test_the_population_is_a_band_under_its_best(glyphs):
    points = factory.history(70_000)
    points = tuple(
        replace(p, spread=Spread(p.z - 90, p.z - 60, p.z - 50, p.z - 30)) for p in points
    )
    chart = chart_of(kind_of("z"), factory.fine(history=points), glyphs.markers)
    rows = draw(chart, 80, 30, glyphs)
    text = "\n".join("".join(part for part, _ in row) for row in rows)
    assert "worst 2,170.0" in text and "quarter 2,200.0" in text
    filled = "".join(part for row in rows for part, key in row if key == "band")
    assert filled.count("░▒"[0] if glyphs is UNICODE else ".") > 20
    bare = tuple(replace(p, spread=None) for p in points)
    without = chart_of(kind_of("z"), factory.fine(history=bare), glyphs.markers)
    assert not any(key == "band" for row in draw(without, 80, 30, glyphs) for _, key in row)


async def test_the_population_by_its_keys(watch):
    async with watch(factory.fine()) as w:
        await w.press("8")
        await w.sees("Z of the population by FLOPs", "young", "front", "P paper")
        await w.press("9")
        await w.sees("Z of the population by params", "M")
        # keys of other plots leave it alone
        await w.press("plus", "comma", "z", "y")
        await w.sees("Z of the population by params")
