"""All structures in one list: of the search, the paper, saved runs and files named by path."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Resize
from textual.widgets import OptionList, Static

from maedet_tui.files import StructureFileError
from maedet_tui.runs.run import SearchRun
from maedet_tui.screens import messages
from maedet_tui.screens.ask import Ask
from maedet_tui.screens.structures.compare import Compare
from maedet_tui.screens.structures.item_list import ItemList
from maedet_tui.screens.structures.listed import Listed, same
from maedet_tui.screens.structures.structure import StructureScreen
from maedet_tui.structures.comparison import FEWEST, MOST
from maedet_tui.structures.items import (
    PAPER,
    Item,
    file_item,
    zoo_items,
)
from maedet_tui.widgets.filter_line import FilterLine
from maedet_tui.widgets.footer import Footer
from maedet_tui.widgets.glyphs import Glyphs, plain_scroll_bars
from maedet_tui.widgets.structure_view import StructureView

#: from this width on, the marked structure is drawn beside the list
WIDE = 120


class Browse(Listed):
    """Enter views, space marks, c compares what is marked."""

    CSS_PATH = "structures.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "show_all", "Show all",
                tooltip="Show the structures again that the words after / leave out"),
        Binding("escape", "back", "Back", tooltip="Back to the screen before"),
        Binding("space", "mark", "Mark", tooltip="Mark the structure for a comparison, or not"),
        Binding("c", "compare", "Compare",
                tooltip=f"Set the marked structures side by side, {FEWEST} to {MOST} of them"),
        Binding("slash", "filter", "Filter", key_display="/",
                tooltip="Leave of the list what has all the words that you type"),
        Binding("s", "sort", "Sort",
                tooltip="Another order within each group: by name, params, FLOPs, layers or Z"),
        Binding("o", "open", "Open file",
                tooltip="Add a structure file, or a run's folder, by its path"),
        Binding("u", "unmark", "Unmark all", show=False, tooltip="Take all marks away"),
        Binding("r", "refresh_list", "Refresh", show=False,
                tooltip="Read runs and population again"),
    ]  # fmt: skip

    def __init__(self, characters: Glyphs, run: SearchRun | None, runs_dir: Path, order: str = ""):
        """order: of each group to begin with, by its name."""
        super().__init__(characters, run, runs_dir)
        self._arranged.choose(order)

    def compose(self) -> ComposeResult:
        yield Static("", id="head", markup=False)
        with Horizontal(id="browser"):
            with Vertical(id="listed"):
                yield Static("", id="headings", classes="muted", markup=False)
                yield ItemList(id="items")
                yield FilterLine()
            with VerticalScroll(id="preview"):
                yield StructureView(id="previewed")
        yield Footer()

    def on_mount(self) -> None:
        if not self._glyphs.braille:
            plain_scroll_bars(self)
        self.query_one(ItemList).focus()
        self._groups["The paper"] = zoo_items(self._preset)
        self.action_refresh_list()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < WIDE, "-single")
        self.fill()
        self.call_after_refresh(self.fill)  # in the width that the list has then

    # --- what keys do -----------------------------------------------------------

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        index = int(event.option.id or 0)
        if self._shown[index] in self._groups["This search"]:
            # the best changes while it is looked at
            self.app.push_screen(StructureScreen(self._glyphs, run=self._run))
        else:
            self.app.push_screen(StructureScreen(self._glyphs, items=self._shown, index=index))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """All is shown already where no words leave anything out."""
        return action != "show_all" or bool(self._arranged.words)

    def action_filter(self) -> None:
        """Open the line for words."""
        self.query_one(FilterLine).open()

    def on_filter_line_changed(self, event: FilterLine.Changed) -> None:
        self._arranged.words = event.line.words
        self.fill()

    def on_filter_line_done(self) -> None:
        self.query_one(ItemList).focus()

    def action_show_all(self) -> None:
        """Take the words away."""
        self.query_one(FilterLine).clear()

    def action_sort(self) -> None:
        """Another order within each group."""
        self._arranged.next()
        self.fill()
        self.post_message(messages.Remember(structures_by=self._arranged.order))

    def action_back(self) -> None:
        """To the screen below."""
        self.dismiss(None)

    def action_mark(self) -> None:
        """Mark what is under the cursor, or take its mark away."""
        item = self.item
        if item is None:
            return
        if self.is_marked(item):
            self._marked = [one for one in self._marked if not same(one, item)]
        else:
            self._marked.append(item)
        self._repaint(item)

    def action_unmark(self) -> None:
        """Take all marks away."""
        self._marked = []
        self.fill()

    def _repaint(self, item: Item) -> None:
        items = self.query_one(ItemList)
        items.replace_option_prompt_at_index(items.highlighted or 0, self.row_of(item))
        self.tell()

    def action_compare(self) -> None:
        """Set the marked structures side by side."""
        count = len(self._marked)
        if FEWEST <= count <= MOST:
            self.app.push_screen(Compare(self._glyphs, self._marked, self._judge()))
            return
        more = "mark at least one more" if count else "mark some with the space bar"
        fix = more if count < FEWEST else f"take {count - MOST} of the marks away"
        self.notify(
            f"{count} marked, but a comparison is of {FEWEST} to {MOST} structures: {fix}.",
            title="Not compared", severity="warning", markup=False,
        )  # fmt: skip

    def _judge(self) -> Item:
        """Whose objective and image size all are judged by: the search's, else one they share."""
        own = [item for item in self._marked if item.preset is not PAPER]
        if self._run is not None or not own:
            return Item("", "", self._marked[0].structure, self._preset)
        return own[0]

    def action_open(self) -> None:
        """Ask for a path, and add what is there to the list."""
        question = "Path of a structure file (YAML or structure_info), or of a run's folder"
        self.app.push_screen(Ask(question, "", file_item, (StructureFileError,)), self._add)

    def _add(self, path: str | None) -> None:
        if path is None:
            return
        try:
            item = file_item(path, self._preset)
        except StructureFileError as error:  # gone in the moment since it was asked for
            self.notify(str(error), title="Not opened", severity="error", markup=False)
            return
        if not any(same(item, one) for one in self._groups["Files"]):
            self._groups["Files"].append(item)
        self._arranged.words = ""  # which could leave it out
        self.query_one(FilterLine).clear()
        self.fill()
        items = self.query_one(ItemList)
        place = next(i for i, one in enumerate(self._shown) if same(item, one))
        items.highlighted = items.get_option_index(str(place))
