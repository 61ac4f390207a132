"""The Textual application: which screen is up, and the actions that work on all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import LineFilter, Monochrome
from textual.screen import Screen

from maedet_tui import logs
from maedet_tui.formatting import printable
from maedet_tui.leaving import Leaving
from maedet_tui.remembered import Remembered
from maedet_tui.runs.run import SearchRun
from maedet_tui.screens import messages
from maedet_tui.screens.keeping import Keeping
from maedet_tui.searches import Searches
from maedet_tui.styles.no_color import Uncoloured
from maedet_tui.styles.printable import Printable
from maedet_tui.styles.themes import DARK, LIGHT, stage_variables
from maedet_tui.widgets.glyphs import UNICODE, Glyphs, glyphs
from maedet_tui.widgets.textual_private import PrivateApp
from maedet_tui.widgets.thread import tell_from_thread

if TYPE_CHECKING:
    from engine.settings import Preset
    from maedet_tui.export import Underway
    from maedet_tui.screens.home.screen import Home

#: what the user waits for an answer to
ANSWERED = (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)

# screens are imported where they are shown: each takes a while, and the first paint waits


class MaedetApp(PrivateApp):
    """Shows the dashboard of `run`, or the home screen, from which searches `start`."""

    TITLE = "maedet-tui"
    # each screen brings its own besides; whole paths, since the command line's subclass of the
    # app lives in another folder
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        Path(__file__).parent / name for name in ("styles/app.tcss", "widgets/plot/plot.tcss")
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "browse", "Browse", show=False,
                tooltip="All structures in one list: to look at, to compare, to save"),
        Binding("question_mark", "help", "Help", tooltip="What every key does"),
        Binding("t", "theme", "Light/dark", show=False, tooltip="Change the colours"),
        Binding("q", "leave", "Quit", tooltip="Leave; asks first while a search is running"),
        # never a bare exit: a search may be running, and the terminal must be given back
        Binding("ctrl+c,ctrl+q", "leave", "Quit", show=False, priority=True,
                tooltip="Leave; asks first while a search is running"),
    ]  # fmt: skip

    def __init__(
        self,
        *,
        run: SearchRun | None = None,
        start: Callable[[Preset], SearchRun],
        resume: Callable[[Path], SearchRun] | None = None,
        runs_dir: Path = Path("runs"),
        sweep: Path | None = None,
        characters: Glyphs | None = None,
        remembered: Path | None = None,
    ):
        """start, resume: begin a search of a preset, or go on with the run in a folder; they
        raise what is wrong in a sentence. runs_dir: where the home screen finds runs. sweep:
        the folder of one to show first. remembered: the file in which theme, plots and orders of
        lists outlive the app."""
        super().__init__()
        self._uncoloured, self._printable = Uncoloured(), Printable()
        self.searches = Searches(self, run, start, resume, self.show_dashboard)
        #: exports that are being written
        self.exports: list[Underway] = []
        self.leaving = Leaving(self, lambda: self.searches.under_way, lambda: self.exports)
        self._runs_dir, self._first_sweep = runs_dir, sweep
        self._sweep: Screen[None] | None = None
        self._untold: Callable[[], None] = lambda: None
        self._glyphs = characters or glyphs()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self._remembered = Remembered(remembered)
        kept = self._remembered.word("theme", DARK.name)
        self.theme = kept if kept in self.available_themes else DARK.name
        self.set_class(self._glyphs is not UNICODE, "-plain")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of C1-C5 for whichever theme is on."""
        return stage_variables(self.current_theme.dark)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action that has a key is in the command palette too, and a few that need none."""
        from maedet_tui.screens.help import described

        seen: set[str] = set()
        for active in described(screen):
            binding = active.binding
            if active.enabled and binding.action not in seen:
                seen.add(binding.action)
                yield SystemCommand(
                    binding.description,
                    f"{binding.tooltip} ({self.get_key_display(binding)})",
                    lambda action=binding.action, node=active.node: self.call_later(
                        self.run_action, action, node
                    ),
                )
        yield SystemCommand("Theme", "Choose among all themes", self.action_change_theme)
        yield SystemCommand("Screenshot", "Save the screen as SVG", self.keep_screenshot)

    async def on_event(self, event: events.Event) -> None:
        """A search in this process stands back while a key or a click takes effect."""
        if self.searches.own is not None and isinstance(event, ANSWERED):
            self.searches.own.give_way()
        await super().on_event(event)

    def on_mount(self) -> None:
        if self._first_sweep is not None:
            self._show_sweep(self._first_sweep)
        elif self.searches.shown is None:
            self.push_screen(self._home())
        else:
            self.show_dashboard(self.searches.shown)
        self.leaving.catch_signals()
        self._untold = logs.tell(lambda said: tell_from_thread(self, said))

    def on_unmount(self) -> None:
        self.leaving.let_signals_be()
        self._untold()
        for export in list(self.exports):  # whatever ended the app: no half of them may stay
            export.give_up()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Nothing that a terminal would obey; and while Textual would turn colours into greys,
        who sets NO_COLOR wants none at all."""
        filters = super().get_line_filters()
        if self.no_color:
            coloured = [one for one in filters if not isinstance(one, Monochrome)]
            filters = [*coloured, self._uncoloured]
        return [*filters, self._printable]

    def _home(self) -> Home:
        from maedet_tui.screens.home.screen import Home

        orders = tuple(self._remembered.word(name, "") for name in ("presets_by", "runs_by"))
        return Home(self._runs_dir, self._glyphs, lambda: self.searches.under_way, orders)

    def show_dashboard(self, run: SearchRun) -> None:
        """Put up the dashboard of a run, in place of the editor that it was begun from."""
        from maedet_tui.screens.dashboard.screen import Dashboard

        kept = self._remembered
        dashboard = Dashboard(run, self._glyphs, kept.word("plot", ""), kept.yes("stacked"))
        # the editor has nothing unsaved, or would not have started it
        if isinstance(self.screen, Keeping):
            self.switch_screen(dashboard)
        else:
            self.push_screen(dashboard)

    @property
    def shown_run(self) -> SearchRun | None:
        """The run whose dashboard is up, or under what is."""
        return self.searches.shown

    # --- what screens ask for -----------------------------------------------------

    @on(messages.SearchWith)
    def _search(self, message: messages.SearchWith) -> None:
        self.searches.search(message.preset)

    @on(messages.OpenRun)
    def _open(self, message: messages.OpenRun) -> None:
        self.searches.open(message.folder)

    @on(messages.ResumeRun)
    def _resume(self, message: messages.ResumeRun) -> None:
        self.searches.resume(message.folder)

    @on(messages.BackToSearch)
    def _back_to_search(self) -> None:
        self.searches.back()

    @on(messages.EditPreset)
    def _edit(self, message: messages.EditPreset) -> None:
        from maedet_tui.presets import PresetError
        from maedet_tui.presets.edited import EditedPreset
        from maedet_tui.screens.editor.screen import Editor

        entry = message.entry
        try:
            edited = EditedPreset(entry)
        except PresetError as error:  # not even a text
            self.notify(str(error), title=f"{entry.name} cannot be edited", severity="error",
                        timeout=10, markup=False)  # fmt: skip
        else:
            self.push_screen(Editor(edited, self._glyphs, self._remembered.yes("wrap")))

    @on(messages.GoHome)
    def _go_home(self) -> None:
        from maedet_tui.screens.home.screen import Home

        run = self.searches.leave_shown()
        if self._sweep in self.screen_stack[:-1]:  # whose search was on show
            while self.screen is not self._sweep:
                self.pop_screen()
            return
        home = next((screen for screen in self.screen_stack if isinstance(screen, Home)), None)
        if home is None:
            home = self._home()
            self.switch_screen(home)
        while self.screen is not home:
            self.pop_screen()
        if run is not None:
            home.mark_run(run.run_dir.name)

    @on(messages.Remember)
    def _remember(self, message: messages.Remember) -> None:
        self._remembered.keep(**message.changes)

    @on(messages.OpenSweep)
    def _open_sweep(self, message: messages.OpenSweep) -> None:
        self._show_sweep(message.folder)

    def _show_sweep(self, folder: Path) -> None:
        """Put up the screen of a sweep, whoever drives it."""
        from maedet_tui.errors import SaveError
        from maedet_tui.screens.sweep.screen import SweepScreen

        try:
            self._sweep = screen = SweepScreen(folder, self._glyphs)
        except SaveError as error:
            self.notify(str(error), title=f"{folder.name} does not open", severity="error",
                        timeout=10, markup=False)  # fmt: skip
        else:
            self.push_screen(screen)

    @on(messages.SaveStructure)
    def _save_structure(self, message: messages.SaveStructure) -> None:
        from maedet_tui.screens.structures.save_as import SaveAs

        self.push_screen(SaveAs(message.item, self.exports))

    # --- what keys do -------------------------------------------------------------

    async def on_key(self, event: events.Key) -> None:
        """A capital letter that means nothing of its own means what the small one does, for
        Caps Lock is easily left on. Whoever writes a text has had the key before."""
        small = event.key.lower()
        if event.key != small and len(small) == 1:
            active = self.screen.active_bindings
            if event.key not in active and small in active and active[small].enabled:
                event.prevent_default()
                await self.run_action(active[small].binding.action, active[small].node)

    def notify(self, message: str, *, title: str = "", **options: Any) -> None:
        """A toast, which may quote files and names of files; never two that say the same."""
        message, title = printable(message), printable(title)
        self.forget_toast(message, title)
        super().notify(message, title=title, **options)

    def keep_screenshot(self) -> None:
        """Save the screen as SVG, in the folder of the run on show, else in the current one."""
        from maedet_tui.screens.picture import keep

        run = self.searches.shown
        keep(self, run.run_dir if run is not None and run.run_dir.is_dir() else Path())

    def action_help(self) -> None:
        """Show the keys of the screen that is up."""
        from maedet_tui.screens.help import Help, help_lines

        about = "MAE-DET: designing detection backbones by their entropy. Ctrl+P lists all actions."
        self.push_screen(Help(about, help_lines(self.screen)))

    def action_browse(self) -> None:
        """Show the list of all structures, the one that is open already if there is one."""
        from maedet_tui.screens.structures.browse import Browse

        if any(isinstance(screen, Browse) for screen in self.screen_stack):
            while not isinstance(self.screen, Browse):
                self.pop_screen()
            return
        run = self.searches.shown or self.searches.own
        runs_dir = self._runs_dir if run is None else run.run_dir.parent
        order = self._remembered.word("structures_by", "")
        self.push_screen(Browse(self._glyphs, run, runs_dir, order))

    def action_theme(self) -> None:
        """From dark to light and back."""
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def watch_theme(self) -> None:
        """Whichever way a theme was chosen, it is the one of the next start too."""
        if self.is_running:
            self._remembered.keep(theme=self.theme)

    def action_leave(self) -> None:
        """Quit, after asking about what would end with it."""
        self.leaving.ask()
