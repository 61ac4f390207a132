"""The Textual application: which screen is up, and the actions that work on all of them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import get_current_worker

from maedet_tui.run import SaveError, SearchRun
from maedet_tui.styles.themes import DARK, LIGHT, stage_variables
from maedet_tui.widgets.glyphs import UNICODE, Glyphs, glyphs

if TYPE_CHECKING:
    from engine.settings import Preset
    from maedet_tui.presets.library import Entry

#: what the user waits for an answer to
ANSWERED = (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)

# screens are imported where they are shown: each takes a while, and the first paint waits


class MaedetApp(App[None]):
    """Shows the dashboard of `run`, or the home screen, from which searches `start`."""

    TITLE = "maedet-tui"
    CSS_PATH = Path(__file__).parent / "styles" / "app.tcss"
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
        characters: Glyphs | None = None,
    ):
        """start, resume: begin a search of a preset, or go on with the run in a folder; they
        raise what is wrong in a sentence. runs_dir: where the home screen finds runs."""
        super().__init__()
        self._run = run
        self._start, self._resume = start, resume
        self._runs_dir = runs_dir
        self._glyphs = characters or glyphs()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
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
        yield SystemCommand("Screenshot", "Save the screen as SVG", self.deliver_screenshot)

    async def on_event(self, event: events.Event) -> None:
        """A search in this process stands back while a key or a click takes effect."""
        if self._run is not None and isinstance(event, ANSWERED):
            self._run.give_way()
        await super().on_event(event)

    def on_mount(self) -> None:
        if self._run is None:
            self.push_screen(self._home())
        else:
            self._show(self._run)
        self._catch_signals()

    def _home(self) -> Screen[None]:
        from maedet_tui.screens.home import Home

        return Home(self._runs_dir, self._glyphs)

    def _show(self, run: SearchRun) -> None:
        from maedet_tui.screens.dashboard import Dashboard

        self._run = run
        dashboard = Dashboard(run, self._glyphs)
        if self.screen.name == "editor":  # which has nothing unsaved, or would not have started it
            self.switch_screen(dashboard)
        else:
            self.push_screen(dashboard)

    def _catch_signals(self) -> None:
        """Whatever ends the process from outside, the search's best is kept."""
        loop = asyncio.get_running_loop()
        try:
            loop.add_signal_handler(signal.SIGINT, self.action_leave)
            loop.add_signal_handler(signal.SIGTERM, self._end)
            # before all that is to come: the terminal is gone, and writing to it would
            # end the driver's threads, for which the process would then wait for ever
            signal.signal(signal.SIGHUP, lambda *_: self._hang_up(loop))
        except (NotImplementedError, AttributeError, RuntimeError, ValueError):
            return  # Windows, or not the main thread: keys still work

    def _hang_up(self, loop: asyncio.AbstractEventLoop) -> None:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        loop.call_soon_threadsafe(self._end)

    @property
    def shown_run(self) -> SearchRun | None:
        """The run whose dashboard is up, or under what is."""
        return self._run

    def search(self, preset: Preset) -> None:
        """Start a search and show it."""
        try:
            run = self._start(preset)
        except Exception as error:  # whatever went wrong, the user can pick another preset
            self._say(f"{preset.name} did not start", error)
            return
        self._show(run)

    def open_run(self, folder: Path) -> None:
        """Show a run of another process, or one that has ended."""
        from maedet_tui.watched_run import WatchedRun

        def opened() -> SearchRun:
            run = WatchedRun(folder)
            _ = run.snapshot  # a long history takes a while to read: here, not on the screen
            return run

        self._open(opened, f"{folder.name} does not open")

    def resume_run(self, folder: Path) -> None:
        """Go on with a run and show it; one that is paused elsewhere goes on there."""
        from maedet_tui.store.control import told_to_go_on

        if told_to_go_on(folder):
            self.open_run(folder)
        elif self._resume is not None:
            resume = self._resume
            self._open(lambda: resume(folder), f"{folder.name} does not go on")

    def _open(self, opened: Callable[[], SearchRun], otherwise: str) -> None:
        """Open a run in a thread; where another was asked for meanwhile, that one is shown."""

        def work() -> None:
            try:
                run = opened()
            except SaveError as error:
                self.call_from_thread(self._say, otherwise, error)
            else:
                if get_current_worker().is_cancelled or self._run is not None:
                    run.close()
                else:
                    self.call_from_thread(self._show, run)

        self.run_worker(work, thread=True, exclusive=True, group="open", exit_on_error=False)

    def edit(self, entry: Entry) -> None:
        """Open a preset in the editor."""
        from maedet_tui.presets import PresetError
        from maedet_tui.presets.edited import EditedPreset
        from maedet_tui.screens.editor import Editor

        try:
            edited = EditedPreset(entry)
        except PresetError as error:  # not even a text
            self._say(f"{entry.name} cannot be edited", error)
        else:
            self.push_screen(Editor(edited, self._glyphs))

    def _say(self, title: str, error: Exception) -> None:
        self.notify(str(error), title=title, severity="error", timeout=10, markup=False)

    @property
    def can_go_home(self) -> bool:
        """Whether leaving the dashboard costs nothing: its search has ended, or is elsewhere."""
        return self._run is None or not self._run.here or self._run.snapshot.ended

    def go_home(self) -> None:
        """From the dashboard to presets and runs; a search of another process goes on."""
        run, self._run = self._run, None
        if run is not None:
            # in a thread, for the last of a run may still be on its way to the disk
            self.run_worker(run.close, thread=True, exit_on_error=False)
        from maedet_tui.screens.home import Home

        if isinstance(self.screen_stack[-2], Home):
            self.pop_screen()
        else:
            self.switch_screen(self._home())

    def action_help(self) -> None:
        """Show the keys of the screen that is up."""
        from maedet_tui.screens.help import Help, help_lines

        about = "MAE-DET: designing detection backbones by their entropy. Ctrl+P lists all actions."
        self.push_screen(Help(about, help_lines(self.screen)))

    def action_browse(self) -> None:
        """Show the list of all structures, the one that is open already if there is one."""
        from maedet_tui.screens.browse import Browse

        if any(isinstance(screen, Browse) for screen in self.screen_stack):
            while not isinstance(self.screen, Browse):
                self.pop_screen()
            return
        runs_dir = self._runs_dir if self._run is None else self._run.run_dir.parent
        self.push_screen(Browse(self._glyphs, self._run, runs_dir))

    def action_theme(self) -> None:
        """From dark to light and back."""
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def action_leave(self) -> None:
        """Quit, after asking if a search is under way. Asked twice, the answer is yes."""
        from maedet_tui.screens.confirm import Confirm, Leave

        for screen in self.screen_stack:
            if screen.name == "editor" and screen.copy_selection():
                return
            if screen.name == "editor" and screen.modified:
                screen.leave(self.action_leave)
                return
        if self.can_go_home:
            self.exit()
        elif self.screen.name == "leave":
            self._end()
        else:
            question = (
                "The search is not over. Stop it and quit?\n"
                f"The best structure so far is kept in {self._run.run_dir}."
            )
            if self._run.detachable:
                question += "\nDetached, it goes on in the background."
                self.push_screen(Leave(question), self._leave)
            else:
                dialog = Confirm(question, "Stop and quit", "Search on", name="leave")
                self.push_screen(dialog, lambda yes: self._leave("stop" if yes else "stay"))

    def _leave(self, answer: str | None) -> None:
        if answer == "detach" and not self._run.snapshot.ended:
            self._run.detach()
        if answer in ("stop", "detach"):
            self._end()

    def _end(self) -> None:
        """Stop what runs here, keep what is being edited, and give the terminal back."""
        for screen in self.screen_stack:
            if screen.name == "editor":
                screen.rescue()
        if not self.can_go_home:
            self._run.stop()
        self.exit()
