"""Lists in columns: what is marked, and where there are no headings."""

from textual.app import App

from maedet_tui.widgets.glyphs import PLAIN
from maedet_tui.widgets.table import Column, Row, Table

ROWS = [Row(name, ((name, ""), ("1", ""))) for name in ("one", "two")]


class OneTable(App[None]):
    """A table that stands by itself."""

    def compose(self):
        yield Table((Column("name"), Column("how many", right=True)), PLAIN)


async def test_a_row_that_is_not_there_is_not_marked():
    async with OneTable().run_test(size=(40, 12)) as pilot:
        table = pilot.app.screen.query_one(Table)
        table.show(ROWS)
        table.mark("two")
        table.mark("three")
        assert table.marked == "two"
        table.show(ROWS[:1])  # what was marked is gone
        assert table.marked == "one"
        table.show([])
        assert table.marked is None


async def test_a_heading_is_nothing_to_be_marked():
    heading = Row("", (("others", ""), ("", "")), heading=True)
    async with OneTable().run_test(size=(40, 12)) as pilot:
        table = pilot.app.screen.query_one(Table)
        table.focus()
        table.show([heading, *ROWS[:1], heading, ROWS[1]])
        assert table.marked == "one"
        await pilot.press("down")
        assert table.marked == "two"
        await pilot.click(Table, offset=(1, 2))
        assert table.marked == "two"
        await pilot.press("up", "up")  # from the first to the last
        assert table.marked == "two"
        table.show([*ROWS[:1], heading])
        assert table.marked == "one"


async def test_a_table_without_a_box_shows_its_rows():
    async with OneTable().run_test(size=(40, 12)) as pilot:
        table = pilot.app.screen.query_one(Table)
        table.show(ROWS)
        await pilot.pause()
        text = "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
        assert "one" in text and "two" in text and "how many" not in text
