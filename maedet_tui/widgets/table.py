"""A list in columns, as many of them as there is room for; a box with its headings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click, Resize
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from maedet_tui.formatting import printable
from maedet_tui.widgets.glyphs import Glyphs, plain_scroll_bars
from maedet_tui.widgets.panel import MUTED, Part

#: a name is not cut below this for a column to stay
LEGIBLE = 16


class Column(NamedTuple):
    """A heading; the columns of the largest `spared` go first where it is narrow."""

    heading: str
    right: bool = False
    spared: int = 0
    #: whether it goes where nothing stands in it
    optional: bool = False


class Row(NamedTuple):
    """What stands in the columns; the last of fewer cells takes the room of the rest.

    heading: of the rows below it, and nothing to be marked.
    """

    id: str
    cells: tuple[Part, ...]
    heading: bool = False


def widths(columns: Sequence[Column], rows: Sequence[Row], room: int) -> tuple[list[int], int]:
    """The width of each column, 0 for those that must go, and the gap between them.

    Gaps give way first, then long names lose their ends, then columns go.
    """
    found = [
        max([len(c.heading), *(len(r.cells[i][0]) for r in rows if len(r.cells) == len(columns))])
        for i, c in enumerate(columns)
    ]
    found[0] = names = max([len(columns[0].heading), *(len(row.cells[0][0]) for row in rows)])
    for index, column in enumerate(columns):
        if column.optional and not any(r.cells[index][0] for r in rows if len(r.cells) > index):
            found[index] = 0
    gap = 2

    def over() -> int:
        shown = [width for width in found if width]
        return sum(shown) + gap * (len(shown) - 1) - room

    gap -= over() > 0
    for index in sorted(range(1, len(columns)), key=lambda i: -columns[i].spared):
        if over() <= max(names - LEGIBLE, 0):
            break
        found[index] = 0
    found[0] = max(names - max(over(), 0), 4)
    return found, gap


class Table(OptionList):
    """Rows to choose from. A click marks a row, one on the marked row chooses it."""

    def __init__(self, columns: Sequence[Column], characters: Glyphs, id: str | None = None):
        super().__init__(id=id, markup=False, compact=True)
        self._columns, self._glyphs = tuple(columns), characters
        self._rows: tuple[Row, ...] = ()
        self._drawn: tuple[Content, ...] = ()
        self._said: dict[Row, Content] = {}
        self._said_in: tuple[list[int], int, int] | None = None

    @property
    def marked(self) -> str | None:
        """The id of the marked row."""
        return None if self.highlighted is None else self._rows[self.highlighted].id

    def mark(self, id: str) -> None:
        """Mark a row, if it is there."""
        ids = [row.id for row in self._rows]
        if id in ids:
            self.highlighted = ids.index(id)

    def show(self, rows: Sequence[Row]) -> None:
        """Show rows, keeping the marked one marked; costs little where they stay the same."""
        before, marked, place = [row.id for row in self._rows], self.marked, self.highlighted
        self._rows = tuple(rows)
        ids = [row.id for row in rows]
        contents = self._contents()
        if ids == before:
            for index, (new, old) in enumerate(zip(contents, self._drawn)):
                if new is not old and new != old:
                    self.replace_option_prompt_at_index(index, new)
        else:
            top = self.scroll_offset.y
            with self.prevent(OptionList.OptionHighlighted):
                self.set_options([
                    Option(text, disabled=row.heading) for row, text in zip(rows, contents)
                ])  # fmt: skip
            if rows:
                self.highlighted = (
                    ids.index(marked)
                    if marked in ids
                    else self._near(min(place or 0, len(ids) - 1))
                )
                if marked in ids:
                    self.scroll_to(y=top, animate=False)
        self._drawn = contents

    def _near(self, place: int) -> int:
        """A row that can be marked, there or below, else above."""
        rows = [index for index, row in enumerate(self._rows) if not row.heading]
        return next((index for index in rows if index >= place), max(rows, default=place))

    def on_mount(self) -> None:
        if not self._glyphs.braille:
            plain_scroll_bars(self)

    def on_resize(self, _: Resize) -> None:
        self.show(self._rows)

    def on_click(self, event: Click) -> None:
        index = event.style.meta.get("option")
        if index is not None and index != self.highlighted:
            event.prevent_default()
            if not self._rows[index].heading:
                self.highlighted = index

    def _contents(self) -> tuple[Content, ...]:
        room = (self.scrollable_content_region.width or 76) - 1
        sizes, gap = widths(self._columns, self._rows, room)
        headings = tuple((column.heading, MUTED) for column in self._columns)
        if isinstance(self.parent, TableBox):
            self.parent.head(self._line(headings, sizes, gap, room))
        # of many rows few change at a time, and a line takes longer than all else
        known = self._said if self._said_in == (sizes, gap, room) else {}
        self._said_in = (sizes, gap, room)
        self._said = {
            row: known.get(row) or self._line(row.cells, sizes, gap, room) for row in self._rows
        }
        return tuple(self._said[row] for row in self._rows)

    def _line(self, cells: Sequence[Part], sizes: Sequence[int], gap: int, room: int) -> Content:
        parts: list[Part] = []
        for index, (text, style) in enumerate(cells):
            size, column = sizes[index], self._columns[index]
            if len(cells) < len(self._columns) and index == len(cells) - 1:
                size = room - sum(len(text) for text, _ in parts)
            if size > 0:
                text = self._cut(printable(text), size)
                parts.append((f"{text:>{size}}" if column.right else f"{text:<{size}}", style))
                parts.append((" " * gap, ""))
        return Content.assemble(*parts[:-1])

    def _cut(self, text: str, size: int) -> str:
        if len(text) <= size:
            return text
        return text[: size - 1] + self._glyphs.cut


class TableBox(Vertical):
    """A border around a table and its headings."""

    def __init__(self, title: str, table: Table, id: str | None = None):
        super().__init__(id=id, classes="table-box")
        self.border_title = title
        self._table = table

    def compose(self) -> ComposeResult:
        yield Static("", classes="headings", markup=False)
        yield self._table

    async def filter(self) -> None:
        """Open the line that leaves of the rows those with some words."""
        from maedet_tui.widgets.filter_line import FilterLine

        if not self.query(FilterLine):  # which few ever want, and takes an import
            await self.mount(FilterLine())
        self.query_one(FilterLine).open()

    def unfilter(self) -> None:
        """Show all rows again."""
        from maedet_tui.widgets.filter_line import FilterLine

        for line in self.query(FilterLine):
            line.clear()

    def on_filter_line_done(self) -> None:
        self._table.focus()

    def head(self, headings: Content) -> None:
        """Show the headings."""
        self.query_one(".headings", Static).update(headings)
