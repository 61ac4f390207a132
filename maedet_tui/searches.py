"""Which run is on show, and the one search that this process may have under way.

A search goes on wherever the user looks meanwhile: only stopping it, another search in
its place, or the end of the program ends it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.timer import Timer
from textual.worker import get_current_worker

from maedet_tui.errors import SaveError
from maedet_tui.runs.run import SearchRun
from maedet_tui.widgets.thread import in_thread

if TYPE_CHECKING:
    from engine.settings import Preset

#: seconds between two looks at a search that is not on show
LOOK_EVERY = 0.5


class Searches:
    """Begins, opens and lets go of runs for an app.

    shown: the run whose dashboard is up, or under what is. own: the search of this
    process, on show or not, until it has ended and is left.
    """

    def __init__(
        self,
        app: App[None],
        run: SearchRun | None,
        start: Callable[[Preset], SearchRun],
        resume: Callable[[Path], SearchRun] | None,
        put_up: Callable[[SearchRun], None],
    ):
        """put_up: shows the dashboard of a run."""
        self._app, self._put_up = app, put_up
        self._start, self._resume = start, resume
        self.shown = run
        self.own = run if run is not None and run.here else None
        self._look: Timer | None = None

    @property
    def under_way(self) -> SearchRun | None:
        """The search that would end with this process; None if there is none."""
        return self.own if self.own is not None and not self.own.snapshot.ended else None

    # --- beginning and opening ----------------------------------------------------

    def search(self, preset: Preset) -> None:
        """Start a search and show it."""
        self._alone(f"search with {preset.name}", lambda own: self._begin(preset, own))

    def _begin(self, preset: Preset, before: SearchRun | None) -> None:
        try:
            run = self._start(preset)
        except Exception as error:  # whatever went wrong, the user can pick another preset
            self._say(f"{preset.name} did not start", error)
        else:
            self._replace(before)
            self.show(run)

    def _replace(self, before: SearchRun | None) -> None:
        """End the search in whose place another has begun, and not before it has."""
        if before is not None and before is self.own:
            self._release(before)

    def open(self, folder: Path) -> None:
        """Show a run of another process, or one that has ended."""
        from maedet_tui.runs.watched import WatchedRun

        if (own := self.under_way) is not None and _same(own.run_dir, folder):
            self.show(own)
            return

        # reading it takes a while: in the thread that opens it, not on the screen
        self._open(folder, lambda: WatchedRun.readable(folder), "does not open")

    def resume(self, folder: Path) -> None:
        """Go on with a run and show it; one that is paused elsewhere goes on there."""
        from maedet_tui.store.control import told_to_go_on

        own, resume = self.under_way, self._resume
        if own is not None and _same(own.run_dir, folder):
            own.resume()
            self.show(own)
        elif told_to_go_on(folder):
            self.open(folder)
        elif resume is not None:
            self._alone(
                f"go on with {folder.name}",
                lambda own: self._open(folder, lambda: resume(folder), "does not go on", own),
            )

    def _alone(self, what: str, begin: Callable[[SearchRun | None], None]) -> None:
        """Begin a search; if one is under way already, in its place, should that be meant."""
        own = self.under_way
        if own is None:
            begin(None)
            return
        from maedet_tui.screens.confirm import Confirm

        def answered(yes: bool | None) -> None:
            if yes:
                begin(own)

        question = (
            f"{own.run_dir.name} is still searching. Stop it, and {what}?\n"
            f"Its best structure so far is kept in {own.run_dir}."
        )
        self._app.push_screen(Confirm(question, "Stop it", "Keep it"), answered)

    def _open(
        self,
        folder: Path,
        opened: Callable[[], SearchRun],
        otherwise: str,
        before: SearchRun | None = None,
    ) -> None:
        """Open a run in a thread; where another was asked for meanwhile, that one is shown.

        before: the search that ends in its favour.
        """
        from_screen, name = self._app.screen, str(folder)
        if any(one.name == name and not one.is_finished for one in self._app.workers):
            return  # a key pressed twice

        def work() -> None:
            try:
                run = opened()
            except SaveError as error:
                self._app.call_from_thread(self._say, f"{folder.name} {otherwise}", error)
            else:
                if get_current_worker().is_cancelled:
                    run.close()
                else:
                    self._app.call_from_thread(self._arrived, run, from_screen, before)

        failed = f"{folder.name} {otherwise}"
        in_thread(self._app, work, failed, name=name, group="open", exclusive=True)

    def _arrived(self, run: SearchRun, from_screen: object, before: SearchRun | None) -> None:
        """Show what was opened, unless the user has gone elsewhere in the meantime."""
        if self._app.screen is from_screen:
            self._replace(before)
            self.show(run)
        elif run.here and self.under_way in (None, before):
            self._replace(before)
            self.own = run
            self._watch()
            self._app.notify("The list of runs leads to it.", title=f"{run.run_dir.name} goes on",
                             markup=False)  # fmt: skip
        else:
            self._close(run)

    def show(self, run: SearchRun) -> None:
        """Put up the dashboard of a run."""
        self.shown = run
        if run.here:
            self.own = run
            if self._look is not None:
                self._look.stop()
        self._put_up(run)

    def back(self) -> None:
        """Show the search under way, if there is one."""
        if (own := self.under_way) is not None:
            self.show(own)

    # --- leaving ------------------------------------------------------------------

    def leave_shown(self) -> SearchRun | None:
        """Let go of the run on show, unless it is the search under way; returns it."""
        run, self.shown = self.shown, None
        if run is None:
            return None
        if run is self.under_way:
            self._watch()
        else:
            self._release(run)
        return run

    def _release(self, run: SearchRun) -> None:
        if run is self.own:
            self.own = None
        if run is self.shown:
            self.shown = None
        self._close(run)

    def _close(self, run: SearchRun) -> None:
        # in a thread, for the last of a run may still be on its way to the disk
        in_thread(self._app, run.close, f"{run.run_dir.name} could not be closed")

    def _watch(self) -> None:
        """Look after a search that is not on show, and say how it ends."""
        if self._look is not None:
            self._look.stop()
        self._look = self._app.set_interval(LOOK_EVERY, self._look_after)

    def _look_after(self) -> None:
        own = self.own
        if own is None or not own.snapshot.ended:
            return
        from maedet_tui.summary import costs, value

        snapshot = own.snapshot
        said = f"Kept in {own.run_dir}"
        if (best := snapshot.best) is not None:
            said = f"{value(best.score)}, {costs(best.cost)}\n{said}"
        self._app.notify(
            f"{snapshot.error}\n{said}" if snapshot.error else said,
            title=f"{own.run_dir.name}: the search {_ENDS[snapshot.state]}",
            severity="error" if snapshot.error else "information", timeout=12, markup=False,
        )  # fmt: skip
        if self._look is not None:
            self._look.stop()
        self._release(own)

    def _say(self, title: str, error: Exception) -> None:
        self._app.notify(str(error), title=title, severity="error", timeout=10, markup=False)


_ENDS = {"finished": "has finished", "stopped": "was stopped", "failed": "has failed"}


def _same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute()
