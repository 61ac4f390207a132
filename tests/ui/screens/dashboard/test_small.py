"""The first tab of a small terminal has the result too; the first screen says what this is."""

import pytest

from maedet_tui.widgets.curve import BestLine, CurvePanel
from maedet_tui.widgets.glyphs import PLAIN, UNICODE
from tests.ui import factory


@pytest.mark.parametrize("glyphs", [PLAIN, UNICODE])
async def test_the_first_tab_has_the_best_in_one_line_and_its_curve(watch, glyphs):
    async with watch(factory.fine(), size=(80, 24), characters=glyphs) as w:
        await w.sees("Best Z 2,260.50, 88.7G FLOPs, 29.4M params, 91 layers, C2-C5 2-10-10-8 deep")
        await w.sees("Z of the best", "1,562.49", "2,260.00")
        rows = w.app.screen.query_one(CurvePanel).text.splitlines()[: CurvePanel.ROWS]
        # higher and higher, from the left to the right
        assert all(row == "".join(sorted(row, key=glyphs.heights.index)) for row in rows)
        assert set(rows[0][-3:]) == {glyphs.heights[-1]}
        await w.press("tab")
        assert "Best Z" not in w.text
        await w.press("shift+tab")
        w.run.snapshot = factory.fine(best=factory.candidate(z=2270.25))
        await w.sees("Best Z 2,270.25")


async def test_the_best_in_one_line_loses_its_end_and_never_half_a_number(watch):
    async with watch(factory.fine(), size=(50, 24)) as w:
        await w.sees("Best Z 2,260.50, 88.7G FLOPs, 29.4M params")
        assert "91 lay" not in w.app.screen.query_one(BestLine).text


async def test_before_the_first_score_there_is_no_curve(watch):
    async with watch(factory.starting(), size=(80, 24)) as w:
        await w.sees("Z of the best", "none yet")


async def test_the_first_launch_says_what_this_is(home):
    async with home(size=(80, 24)) as w:
        await w.sees("Finds backbones without training: within a budget, the one of highest")
