"""What the key under the cursor means, and what may be written there."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content
from textual.screen import Screen
from textual.widgets import TextArea

from maedet_tui.presets.at_cursor import path_at
from maedet_tui.presets.keys import Key, explained, facts
from maedet_tui.widgets.panel import MUTED, Panel, Part, paragraph, row

#: rows in which all is said, and those that small screens have
ALL, BRIEF = 7, 2


class KeyShown(NamedTuple):
    """A key, and the rows there are for it."""

    key: Key
    rows: int


class KeyHelp(Panel[KeyShown]):
    """Meaning, range, default, and where in the paper; of a section its keys."""

    TITLE = "Key"
    USUAL_WIDTH = 76

    def show(self, shown: KeyShown) -> None:
        self.border_title = Content(shown.key.name or "Preset")
        super().show(shown)

    def parts(self, shown: KeyShown, width: int) -> list[Part]:
        key = shown.key
        if shown.rows >= ALL:
            parts = [paragraph(key.meaning, width)]
            for label, value in facts(key):
                parts += row(label, value, label_width=7, width=width)
            return parts
        # one line each where there is no room: what it is, and what may be written
        said = [("", f"{key.name}: {key.meaning}" if key.name else key.meaning), *facts(key)]
        (_, first), (label, value), *more = said
        default = next((f"; {value}" for name, value in more if name == "default"), "")
        return [
            (f"{_cut(first, width)}\n", ""),
            (_cut(f"{label} {value}{default and f' (default{default[1:]})'}", width), MUTED),
        ]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 3, 0)] + "..."


class Explaining(Screen[None]):
    """A screen with a TextArea that a KeyHelp explains the keys of."""

    _known = False

    def begin_to_explain(self) -> None:
        """What keys are is known now: the schema takes a while to be imported."""
        self._known = True
        self.explain()

    def explain(self) -> None:
        """Say what the key under the cursor is."""
        help_ = self.query_one(KeyHelp)
        help_.display = self._known and not self.has_class("-no-help")
        if help_.display:
            area = self.query_one(TextArea)
            row, column = area.cursor_location
            lines = [area.document.get_line(number) for number in range(row + 1)]
            key = explained(path_at(lines, row, column))
            help_.show(KeyShown(key, BRIEF if self.has_class("-single") else ALL))

    def on_text_area_selection_changed(self, _: TextArea.SelectionChanged) -> None:
        self.explain()

    def action_key_help(self) -> None:
        """Show the help for the key under the cursor, or not."""
        self.toggle_class("-no-help")
        self.explain()
