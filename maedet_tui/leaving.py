"""Quitting: what is asked first, and what is done about all that is under way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.screen import Screen

from maedet_tui.formatting import printable
from maedet_tui.screens.keeping import Keeping

if TYPE_CHECKING:
    from maedet_tui.export import Underway
    from maedet_tui.runs.run import SearchRun


class Leaving:
    """Ends an app, by its user's wish or a signal, and loses nothing without asking.

    under_way: the search that would end with the process. exports: those that would.
    """

    def __init__(
        self,
        app: App[None],
        under_way: Callable[[], SearchRun | None],
        exports: Callable[[], Sequence[Underway]],
    ):
        self._app = app
        self._under_way, self._exports = under_way, exports
        self._dialog: Screen[bool] | Screen[str] | None = None
        #: the signal that has ended the app, if one has
        self.ended_by: int | None = None
        self._before: dict[int, Any] = {}

    def ask(self) -> None:
        """Quit, after asking about what would end with it. Asked twice, the answer is yes."""
        app = self._app
        for screen in self._keeping():
            if screen.copy_selection():
                return
            if screen.modified:
                screen.leave(self.ask)
                return
        if app.screen is self._dialog:
            self.end()
        elif self._under_way() is None and not self._exports():
            app.exit()
        else:
            self._question()

    def _keeping(self) -> list[Keeping]:
        return [screen for screen in self._app.screen_stack if isinstance(screen, Keeping)]

    def _question(self) -> None:
        from maedet_tui.screens.confirm import Confirm, Leave

        run, sentences = self._under_way(), []
        if run is not None:
            sentences += [
                "The search is not over. Stop it and quit?",
                f"The best structure so far is kept in {run.run_dir}.",
            ]
            if run.detachable:
                sentences.append("Detached, it goes on in the background.")
        sentences += [
            f"{export.path}\nis still being written and checked, {export.seconds:.0f} s so far.\n"
            "Quitting gives it up: no part of it is left."
            for export in list(self._exports())
        ]
        question = "\n".join(sentences)
        if run is not None and run.detachable:
            self._dialog = leave = Leave(question)
            self._app.push_screen(leave, self._answered)
            return
        buttons = ("Give up and quit", "Stay") if run is None else ("Stop and quit", "Search on")
        self._dialog = confirm = Confirm(question, *buttons)
        self._app.push_screen(confirm, lambda yes: self._answered("stop" if yes else "stay"))

    def _answered(self, answer: str | None) -> None:
        run = self._under_way()
        if answer == "detach" and run is not None:
            run.detach()
        if answer in ("stop", "detach"):
            self.end()

    def end(self) -> None:
        """Stop what runs here, keep what is being edited, and give the terminal back."""
        for screen in self._keeping():
            screen.rescue()
        if (run := self._under_way()) is not None:
            run.stop()
        exports = list(self._exports())
        for export in exports:
            export.give_up()
        lost = [
            f"Not written, for it was not finished: {printable(str(export.path))}"
            for export in exports
            if export.given_up
        ]
        self._app.exit(message="\n".join(lost) or None)

    # --- signals ------------------------------------------------------------------

    def catch_signals(self) -> None:
        """Whatever ends the process from outside, the search's best is kept."""
        loop = asyncio.get_running_loop()

        def receive(number: int, _: FrameType | None) -> None:
            if number == getattr(signal, "SIGHUP", None):
                # before all that is to come: the terminal is gone, and writing to it would
                # end the driver's threads, for which the process would then wait for ever
                nowhere = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(nowhere, stream)
            with contextlib.suppress(RuntimeError):  # the loop is closed: it ends already
                loop.call_soon_threadsafe(self._heed, number)

        # not by the loop, which would leave nobody to heed them once it is closed
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            with contextlib.suppress(AttributeError, ValueError):  # Windows, or another thread
                number = getattr(signal, name)
                self._before[number] = signal.signal(number, receive)

    def let_signals_be(self) -> None:
        """Leave signals to whoever heeded them before."""
        while self._before:
            signal.signal(*self._before.popitem())

    def _heed(self, number: int) -> None:
        if number == signal.SIGINT:
            self.ask()
        else:
            self.end_by(number)

    def end_by(self, number: int) -> None:
        """End as by a signal that cannot be asked about."""
        self.ended_by = number
        self.end()
