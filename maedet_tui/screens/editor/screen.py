"""The preset editor: YAML, what is wrong with it as one types, and what it would begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.events import Resize
from textual.timer import Timer
from textual.widgets import Static, TextArea
from textual.worker import get_current_worker

from maedet_tui import formatting
from maedet_tui.presets.edited import EditedPreset
from maedet_tui.presets.examined import Examined
from maedet_tui.presets.keys import all_keys
from maedet_tui.presets.problems import tally
from maedet_tui.screens import messages
from maedet_tui.screens.editor.beside import Beside
from maedet_tui.screens.editor.diff_view import DiffPanel
from maedet_tui.screens.editor.finding import FindBar
from maedet_tui.screens.editor.key_help import Explaining, KeyHelp
from maedet_tui.screens.editor.problems import ProblemList
from maedet_tui.screens.editor.save import Saving
from maedet_tui.screens.editor.yaml_area import YamlArea
from maedet_tui.widgets.footer import Footer
from maedet_tui.widgets.glyphs import Glyphs, plain_scroll_bars
from maedet_tui.widgets.search_panels import BudgetPanel
from maedet_tui.widgets.structure_view import StructureView
from maedet_tui.widgets.thread import in_thread

#: seconds without a key before the text is checked
PAUSE = 0.25
#: smaller than this, (width, height), text and what stands beside it are shown one at a time
WHOLE = (112, 20)
#: in less than this (width, height) the list of problems gives its place to the text
TINY = (50, 14)


class Editor(Beside, Explaining):
    """Edits one preset. Nothing typed is lost unless the user says so."""

    CSS_PATH = "editor.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save",
                tooltip="Save into your own folder; asks for a name where it has none yet"),
        Binding("ctrl+n", "save_as", "Save as",
                tooltip="Save under another name in your own folder"),
        Binding("ctrl+r", "search", "Search", tooltip="Save, and search with this preset"),
        Binding("ctrl+z", "undo", "Undo", tooltip="Take the last change of the text back"),
        Binding("f1", "app.help", "Help", tooltip="What every key does"),
        Binding("escape", "close", "Close", tooltip="Back home; asks first about changes"),
        Binding("ctrl+o", "beside('structure')", "Structure",
                tooltip="Show the initial structure and its share of the budgets, or the text"),
        Binding("ctrl+g", "beside('diff')", "Changes",
                tooltip="Show what differs from the built-in preset it came from, or not"),
        Binding("f8", "next_problem", "Problem", tooltip="Go to the next problem"),
        Binding("ctrl+f", "find", "Find", tooltip="Find words in the text, as you type them"),
        Binding("f3", "find_step(1)", "Find next", show=False,
                tooltip="To the next place that has the words looked for last"),
        Binding("shift+f3", "find_step(-1)", "Find before", show=False,
                tooltip="To the place before that has the words looked for last"),
        Binding("f2", "key_help", "Key", show=False,
                tooltip="Say what the key under the cursor means and takes, or leave its lines "
                "to the text"),
        Binding("f4", "wrap", "Wrap", show=False,
                tooltip="Break long lines at the edge, or let them run on"),
    ]  # fmt: skip

    def __init__(self, edited: EditedPreset, characters: Glyphs, wrap: bool = False):
        """wrap: whether long lines are broken at the edge to begin with."""
        super().__init__()
        self._wrap = wrap
        self.edited, self._glyphs = edited, characters
        self._saving = Saving(edited, lambda: self.text, self._saved, lambda: self.app)
        self._check: Timer | None = None

    # --- layout -----------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield Static("", id="title", markup=False)
        with Container(id="desk"):
            with Vertical(id="writing"):
                yield YamlArea(self.edited.saved, self._glyphs, id="text")
                yield FindBar(id="find")
                yield KeyHelp(id="key")
                yield ProblemList(self._glyphs, id="problems")
            with VerticalScroll(id="beside"):
                yield BudgetPanel(self._glyphs, id="budget")
                yield StructureView(id="initial")
                yield DiffPanel(id="diff")
        yield Footer()

    def on_mount(self) -> None:
        self._saving.clean = self.text
        self.query_one("#budget").border_title = "Budget used by the initial structure"
        self.query_one("#initial").border_title = "Initial structure"
        if not self._glyphs.braille:
            plain_scroll_bars(self, self.query_one(ProblemList))
        area = self.query_one(YamlArea)
        area.soft_wrap = self._wrap
        area.focus()
        self._title()
        self._examine()

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        self.set_class(width < WHOLE[0] or height < WHOLE[1], "-single")
        self.set_class(width < TINY[0] or height < TINY[1], "-tiny")
        self._title()
        self.explain()

    def _title(self) -> None:
        changed = " (changed)" if self.modified else ""
        where = "built in" if self.edited.path is None else str(self.edited.path)
        parts = [f" {self.edited.name}{changed}", self._said(), where]
        if self.has_class("-tiny"):  # what counts first: the rest may be cut off
            parts = parts[:2]
        title = "   ".join(part for part in parts if part)
        self.query_one("#title", Static).update(formatting.printable(title))

    def _said(self) -> str:
        if self.found is None:
            return ""
        count = tally(self.found.problems)
        if not count:
            doubtful = len(self.found.warnings)
            said = f", {doubtful} warning{'s' if doubtful > 1 else ''}" if doubtful else ""
            return f"{self._glyphs.finished} valid{said}"
        return f"{self._glyphs.warning} {count:,} problem{'s' if count > 1 else ''}"

    # --- the text ---------------------------------------------------------------

    @property
    def text(self) -> str:
        """As it stands on the screen."""
        return self.query_one(YamlArea).text

    @property
    def modified(self) -> bool:
        """Whether anything would be lost by closing."""
        return self.is_mounted and self.text != self._saving.clean

    def _saved(self) -> None:
        """What stands on the screen is in the file now."""
        self._title()
        self._examine()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        self._title()
        self.explain()
        if self._check is not None:
            self._check.stop()
        self._check = self.set_timer(PAUSE, self._examine)

    def _examine(self) -> None:
        """Check the text in a thread; a text that is still being typed is checked later."""
        text, edited = self.text, self.edited

        def work() -> None:
            found = edited.examined(text)
            all_keys()
            if not get_current_worker().is_cancelled:
                self.app.call_from_thread(self._take, found)

        in_thread(self, work, "The text could not be checked", group="check", exclusive=True)

    def _take(self, found: Examined) -> None:
        if found.text == self.text:
            self.found = found
            self.begin_to_explain()
            self.refresh_bindings()
            self._title()
            self.query_one(YamlArea).mark(one.line for one in found.problems if one.line)
            box = self.query_one(ProblemList)
            if box.has_focus and not (found.problems or found.warnings):
                self.query_one(YamlArea).focus()
            box.show(found.problems, found.warnings)
            self.show_beside(found)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what there is nothing to do with."""
        found = self.found
        listed = found is not None and bool(found.problems or found.warnings)
        return action != "next_problem" or listed or None

    def action_find(self) -> None:
        """Open the line in which words are looked for."""
        self.show_text()
        super().action_find()

    # --- saving, searching, leaving ----------------------------------------------

    def action_save(self) -> None:
        """Write the text to its file."""
        self._saving.save()

    def action_wrap(self) -> None:
        """Break long lines at the edge, or not."""
        area = self.query_one(YamlArea)
        area.soft_wrap = self._wrap = not area.soft_wrap
        self.post_message(messages.Remember(wrap=self._wrap))

    def action_undo(self) -> None:
        """Take the last change back, wherever the focus is."""
        self.query_one(YamlArea).action_undo()

    def action_save_as(self) -> None:
        """Write it to another file."""
        self._saving.save_as()

    def action_search(self) -> None:
        """Save what has changed, and start a search with it."""
        found = self.edited.examined(self.text)
        self._take(found)
        if found.problems or found.draft is None:
            self.notify("The search begins once the problems are put right.",
                        title="Not started", severity="warning")  # fmt: skip
            self.go_to(0)
        elif self.modified:
            self._saving.save(self.action_search)
        else:
            self.post_message(messages.SearchWith(found.draft))

    def action_close(self) -> None:
        """Back home."""
        self.leave(self.app.pop_screen)

    def leave(self, then: Callable[[], object]) -> None:
        """Do something that ends the editor, after asking about changes."""
        if not self.modified:
            then()
        elif self.app.screen is self:  # else a question about them is on the screen
            self._saving.ask_first(then)

    def copy_selection(self) -> bool:
        """What Ctrl+C means while text is selected; whether any was."""
        area = self.query_one(YamlArea)
        if area.has_focus and area.selected_text:
            area.action_copy()
            return True
        return False

    def rescue(self) -> None:
        """Keep the changes, when nobody can be asked about them any more."""
        if self.modified:
            self.edited.rescue(self.text)
