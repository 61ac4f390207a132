"""Boxes of text: as high as what is in them, whenever that changes."""

from textual.app import App

from maedet_tui.widgets.panel import Panel


class Lines(Panel[str]):
    DEFAULT_CSS = "Lines { height: auto; }"

    def parts(self, shown, width):
        return [(shown, "")]


class OnePanel(App[None]):
    def compose(self):
        yield Lines()


async def test_more_lines_amid_a_layout_are_seen():
    async with OnePanel().run_test(size=(40, 12)) as pilot:
        panel = pilot.app.screen.query_one(Lines)
        panel.show("one\ntwo")
        pilot.app.screen._refresh_layout()  # comes before the panel has asked for it itself
        assert panel.size.height == 2
        panel.show("one\ntwo\nthree")
        for _ in range(4):
            await pilot.pause()
        assert panel.size.height == 3
