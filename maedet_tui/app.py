"""The Textual application: which screen is up, and the actions that work on all of them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.settings import Preset
from maedet_tui.run import SearchRun
from maedet_tui.screens.confirm import Confirm, Leave
from maedet_tui.screens.dashboard import Dashboard
from maedet_tui.screens.help import Help, described, help_lines
from maedet_tui.screens.picker import Picker
from maedet_tui.styles.themes import DARK, LIGHT, stage_variables
from maedet_tui.widgets.glyphs import UNICODE, Glyphs, glyphs


class MaedetApp(App[None]):
    """Shows the dashboard of `run`, or lets the user pick one of `presets` to `start`."""

    TITLE = "maedet-tui"
    CSS_PATH = Path(__file__).parent / "styles" / "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
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
        presets: Callable[[], Sequence[Preset]],
        start: Callable[[Preset], SearchRun],
        characters: Glyphs | None = None,
    ):
        super().__init__()
        self._run = run
        self._presets = presets
        self._start = start
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

    def on_mount(self) -> None:
        run = self._run
        self.push_screen(self._picker() if run is None else Dashboard(run, self._glyphs))
        self._catch_signals()

    def _picker(self) -> Picker:
        return Picker(self._presets, self.search, self._glyphs)

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

    def search(self, preset: Preset) -> None:
        """Start a search and show it."""
        try:
            run = self._start(preset)
        except Exception as error:  # whatever went wrong, the user can pick another preset
            self.notify(str(error), title=f"{preset.name} did not start", severity="error",
                        timeout=10, markup=False)  # fmt: skip
            return
        self._run = run
        self.switch_screen(Dashboard(run, self._glyphs))

    def pick(self) -> None:
        """Back to the presets, from a search that has ended."""
        self._run = None
        self.switch_screen(self._picker())

    def action_help(self) -> None:
        """Show the keys of the screen that is up."""
        about = "MAE-DET: designing detection backbones by their entropy. Ctrl+P lists all actions."
        self.push_screen(Help(about, help_lines(self.screen)))

    def action_theme(self) -> None:
        """From dark to light and back."""
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def action_leave(self) -> None:
        """Quit, after asking if a search is under way. Asked twice, the answer is yes."""
        if self._run is None or self._run.snapshot.ended:
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
        """Stop what runs, and give the terminal back."""
        if self._run is not None and not self._run.snapshot.ended:
            self._run.stop()
        self.exit()
