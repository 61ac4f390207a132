"""One structure on the whole screen: the best of a search as it changes, or any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.events import Resize
from textual.screen import Screen

from engine.scorers.base import Score
from engine.settings import Objective
from engine.snapshot import Snapshot
from engine.structure import Structure
from maedet_tui.runs.run import SearchRun
from maedet_tui.screens import messages
from maedet_tui.screens.structures.facts import Facts, FactsPanel
from maedet_tui.screens.structures.share_bars import CostBars, EntropyBars
from maedet_tui.screens.structures.tower import Tower, TowerPanel
from maedet_tui.structures.items import Item, best_item, member_items
from maedet_tui.structures.known import closed_form, known_score
from maedet_tui.widgets.bars import TabBar
from maedet_tui.widgets.footer import Footer
from maedet_tui.widgets.glyphs import Glyphs, plain_scroll_bars
from maedet_tui.widgets.structure_view import StructureView, View
from maedet_tui.widgets.thread import in_thread

#: seconds between two looks at the best of a search
LOOK_EVERY = 1 / 4
#: from this size on, (width, height), the tower stands beside the tables
WHOLE = (124, 30)
#: smaller than this, a sentence is all that fits
LEAST = (50, 12)
TABS = (("tables", "Tables"), ("tower", "Tower"))

_COPY = Binding.Group("Copy", compact=True)


class StructureScreen(Screen[None]):
    """Shows one of `items`, or the best of `run`, which it follows until another is chosen."""

    CSS_PATH = "structures.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="Back to the screen before"),
        Binding("n", "step(1)", "Next",
                tooltip="The next structure: of the population behind the best, or of the list"),
        Binding("p", "step(-1)", "Previous", tooltip="The structure before"),
        Binding("f", "follow", "Follow best",
                tooltip="Hold on to the structure on show, or follow the search's best again"),
        Binding("y", "copy('yaml')", "Copy YAML", group=_COPY,
                tooltip="Copy the structure as YAML to the terminal's clipboard (OSC 52)"),
        Binding("i", "copy('structure-info')", "Copy structure_info", group=_COPY,
                tooltip="Copy the structure for the authors' released code"),
        Binding("m", "copy('markdown')", "Copy Markdown", group=_COPY,
                tooltip="Copy structure and costs as Markdown tables"),
        Binding("S", "save_as", "Save as", key_display="S",
                tooltip="Save the structure on show under a name, in any format"),
        Binding("tab", "panel(1)", "Next panel", show=False,
                tooltip="Where panels are shown one at a time: show the next one"),
        Binding("shift+tab", "panel(-1)", "Previous panel", show=False,
                tooltip="Where panels are shown one at a time: show the one before"),
    ]  # fmt: skip

    def __init__(
        self,
        characters: Glyphs,
        *,
        items: Sequence[Item] = (),
        index: int = 0,
        run: SearchRun | None = None,
    ):
        """Without items, the best of `run` and behind it the members of its population."""
        super().__init__()
        self._glyphs = characters
        self._run = run
        self._items = list(items)
        self._index = index
        self._following = run is not None and not items
        self._seen: Snapshot | None = None
        self._tab = 0
        self._scores: dict[tuple[Objective, Structure], Score] = {}

    def compose(self) -> ComposeResult:
        yield FactsPanel(id="facts")
        yield TabBar(TABS, id="tabs")
        with Container(id="views"):
            with VerticalScroll(id="tables"):
                yield StructureView(id="table")
                yield EntropyBars(self._glyphs, id="entropy")
                yield CostBars(self._glyphs, id="costs")
            with VerticalScroll(id="tower"):
                yield TowerPanel(self._glyphs, id="standing")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one("#table").border_title = "Structure"
        if not self._glyphs.braille:
            plain_scroll_bars(self)
        self._look()
        self.set_interval(LOOK_EVERY, self._look)

    def on_resize(self, event: Resize) -> None:
        self._arrange(event.size.width, event.size.height)

    def _arrange(self, width: int, height: int) -> None:
        single = width < WHOLE[0] or height < WHOLE[1]
        self.set_class(single, "-single")
        self.set_class(width < LEAST[0] or height < LEAST[1], "-tiny")
        for number, (name, _) in enumerate(TABS):
            self.query_one(f"#{name}").display = not single or number == self._tab
        self.query_one(TabBar).show(TABS[self._tab][0])
        if single:
            self.set_focus(self.query_one(f"#{TABS[self._tab][0]}"), scroll_visible=False)
        self._show()

    # --- what is shown ----------------------------------------------------------

    @property
    def item(self) -> Item | None:
        """The structure on show; None while a search has none yet."""
        return self._items[self._index] if self._items else None

    def _look(self) -> None:
        """Take the newest best, if it is to be followed."""
        if not self._following or self._run is None or self._run.snapshot is self._seen:
            return
        self._seen = snapshot = self._run.snapshot
        best = best_item(snapshot, self._run.preset, self._run.run_dir)
        if best is not None and best != self.item:
            self._items, self._index = [best], 0
            self._show()

    def _freeze(self) -> None:
        """Hold on to the population as it is now, so that stepping through it goes somewhere."""
        if not self._following or self._run is None:
            return
        self._following = False
        members = member_items(self._run.snapshot, self._run.preset, self._run.run_dir)
        shown = self.item.structure if self.item else None
        # the best is a member too, under another name
        self._items += [member for member in members if member.structure != shown]

    def _show(self) -> None:
        item = self.item
        if item is None or not self.is_mounted:
            return
        objective = item.preset.objective
        score = known_score(item) or self._scores.get((objective, item.structure))
        if score is None:
            in_thread(
                self,
                lambda: self._work_out(objective, item.structure),
                f"{item.name} could not be scored", group="score", exclusive=True,
            )  # fmt: skip
        z, entropies = (score.z, score.entropies) if score else (None, None)
        view = View(item.preset, item.structure, z, entropies)
        self.query_one(FactsPanel).show(Facts(item, score, self._place()))
        self.query_one(StructureView).show(view)
        self.query_one(EntropyBars).show(view)
        self.query_one(CostBars).show(view)
        room = self.query_one("#tower").size.height
        self.query_one(TowerPanel).show(Tower(view, room or self.size.height - 7))
        self.refresh_bindings()

    def _place(self) -> str:
        if self._following:
            return "Follows the best of the search"
        return f"{self._index + 1} of {len(self._items)}"

    def _work_out(self, objective: Objective, structure: Structure) -> None:
        (score,) = closed_form(objective, [structure])
        self.app.call_from_thread(self._take, objective, structure, score)

    def _take(self, objective: Objective, structure: Structure, score: Score) -> None:
        self._scores[objective, structure] = score
        self._show()

    # --- what keys do -----------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what makes no sense now."""
        if action == "follow" and self._run is None:
            return False
        if action in ("copy", "save_as", "step") and self.item is None:
            return False
        return action != "panel" or self.has_class("-single")

    def action_back(self) -> None:
        """To the screen below."""
        self.dismiss(None)

    def action_step(self, step: int) -> None:
        """Another structure of the list."""
        self._freeze()
        self._index = (self._index + step) % len(self._items)
        self._show()

    def action_follow(self) -> None:
        """Follow the best, or hold on to what is on show."""
        if self._following:
            self._freeze()
        else:
            self._following, self._seen = True, None
            self._look()
        self._show()

    def action_copy(self, format_: str) -> None:
        """Put the structure on the clipboard, and say as what."""
        from maedet_tui.export import ExportError, source_of
        from maedet_tui.export.text import WRITERS

        item = self.item
        if item is None:
            return
        words, write = WRITERS[format_]
        try:
            text = write(source_of(item.stem, item.name, item.structure))
        except ExportError as error:
            self.notify(str(error), title="Not copied", severity="error", markup=False)
            return
        self.app.copy_to_clipboard(text)
        lines = len(text.splitlines())
        self.notify(f"{item.name}, {lines} lines", title=f"Copied as {words}", markup=False)

    def action_save_as(self) -> None:
        """Ask for name, folder and format."""
        if self.item is not None:
            self.post_message(messages.SaveStructure(self.item))

    def action_panel(self, step: int) -> None:
        """Show the other panel."""
        self._choose((self._tab + step) % len(TABS))

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        self._choose([name for name, _ in TABS].index(event.name))

    def _choose(self, tab: int) -> None:
        self._tab = tab
        self._arrange(self.size.width, self.size.height)
