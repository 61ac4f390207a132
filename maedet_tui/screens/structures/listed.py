"""The list of all structures: groups under headings, what of them is shown, which have a mark."""

from __future__ import annotations

from pathlib import Path

from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from maedet_tui import formatting
from maedet_tui.runs.run import SearchRun
from maedet_tui.screens.structures.item_list import GROUPS, ORDERS, ItemList, headings, row
from maedet_tui.structures.items import PAPER, Item, best_item, member_items, saved_items
from maedet_tui.structures.known import known_score
from maedet_tui.widgets.arranged import Arranged
from maedet_tui.widgets.glyphs import Glyphs
from maedet_tui.widgets.structure_view import StructureView, View
from maedet_tui.widgets.thread import in_thread


class Listed(Screen[None]):
    """A screen with an ItemList under its headings, and a view of what is under its cursor."""

    def __init__(self, characters: Glyphs, run: SearchRun | None, runs_dir: Path):
        super().__init__()
        self._glyphs = characters
        self._run, self._runs_dir = run, runs_dir
        self._preset = run.preset if run is not None else PAPER
        self._groups: dict[str, list[Item]] = {name: [] for name in GROUPS}
        self._notes: dict[str, list[str]] = {name: [] for name in GROUPS}
        self._arranged: Arranged[Item] = Arranged(ORDERS, lambda item: (item.name, item.origin))
        self._shown: list[Item] = []
        self._marked: list[Item] = []

    def action_refresh_list(self) -> None:
        """The search as it is now, and the saved runs."""
        if self._run is not None:
            told = (self._run.snapshot, self._run.preset, self._run.run_dir)
            best = best_item(*told)
            self._groups["This search"] = [best] if best else []
            self._groups["Population of this search"] = member_items(*told)
        self.fill()
        in_thread(self, self._read_runs, "The saved runs could not be read", exclusive=True)

    def _read_runs(self) -> None:
        found = list(saved_items(self._runs_dir))
        self.app.call_from_thread(self._take_runs, found)

    def _take_runs(self, found: list[Item | str]) -> None:
        self._groups["Saved runs"] = [one for one in found if isinstance(one, Item)]
        self._notes["Saved runs"] = [one for one in found if isinstance(one, str)]
        self.fill()

    def fill(self) -> None:
        """Write the list anew; cursor and marks stay with their structures."""
        if not self.is_mounted:
            return
        items = self.query_one(ItemList)
        under = self.item
        options: list[Option] = []
        self._shown = []
        for group in GROUPS:
            found = self._arranged(self._groups[group])
            notes = [] if self._arranged.words else self._notes[group]
            if not found and not notes:
                continue
            options.append(Option(Content.styled(group, "bold"), disabled=True))
            for item in found:
                self._shown.append(item)
                options.append(Option(self.row_of(item), id=str(len(self._shown) - 1)))
            said = (Content.styled(f"    {note}", "$warning") for note in notes)
            options += [Option(note, disabled=True) for note in said]
        items.clear_options()
        items.add_options(options)
        place = next((i for i, one in enumerate(self._shown) if same(one, under)), 0)
        if self._shown:
            items.highlighted = items.get_option_index(str(place))
        every = sum(map(len, self._groups.values()))
        title = self._arranged.titled("Structures", len(self._shown), every)
        self.query_one("#listed").border_title = Content(formatting.printable(title))
        self.query_one("#headings", Static).update(headings(items.room))
        self.tell()
        self.refresh_bindings()

    def row_of(self, item: Item) -> Content:
        """A structure as it is listed."""
        mark = self._glyphs.finished if self.is_marked(item) else ""
        return row(item, self.query_one(ItemList).room, mark)

    def tell(self) -> None:
        """Say which have a mark."""
        marked = ", ".join(item.name for item in self._marked)
        text = f" {len(self._marked)} marked: {marked}" if marked else " Nothing marked"
        self.query_one("#head", Static).update(formatting.printable(text))

    @property
    def item(self) -> Item | None:
        """The structure under the cursor."""
        option = self.query_one(ItemList).highlighted_option
        return self._shown[int(option.id)] if option is not None and option.id else None

    def is_marked(self, item: Item) -> bool:
        """Whether it has a mark."""
        return any(same(item, marked) for marked in self._marked)

    def on_option_list_option_highlighted(self, _: OptionList.OptionHighlighted) -> None:
        item = self.item
        if item is not None:
            view = self.query_one("#previewed", StructureView)
            view.border_title = Content(formatting.printable(f"{item.name}, {item.origin}"))
            score = known_score(item)
            z, entropies = (score.z, score.entropies) if score else (None, None)
            view.show(View(item.preset, item.structure, z, entropies))


def same(one: Item, other: Item | None) -> bool:
    """Whether two are one structure out of one place; its score may have become known."""
    return other is not None and (one.structure, one.origin) == (other.structure, other.origin)
