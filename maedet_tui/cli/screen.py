"""Opening the screen, and what stays in the terminal after it has closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from maedet_tui.app import MaedetApp
from maedet_tui.cli import signals
from maedet_tui.cli.failure import FAILED, USAGE, Failure
from maedet_tui.remembered import usual_file
from maedet_tui.runs.workplace import HERE, Workplace
from maedet_tui.terminal import call, echo

# home's first paint does without what only a search, its end or its continuation needs:
# functions below import that
if TYPE_CHECKING:
    from engine.settings import Preset
    from maedet_tui.runs.local import LocalRun
    from maedet_tui.runs.run import SearchRun
    from maedet_tui.runs.watched import WatchedRun
    from maedet_tui.store.writer import RunStore

#: seconds that a search is given to end after the screen has closed
PATIENCE = 5.0
#: seconds between two looks at whether a search has ended, where its end is called
LOOK_EVERY = 0.5


def pick_and_watch(runs_dir: Path, notify: str | None = None) -> int:
    """Let the user pick a preset, and show its search. Returns the exit code."""
    drawn_elsewhere = "TEXTUAL_DRIVER" in os.environ  # in a browser, by `serve`
    if not drawn_elsewhere and not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise Failure(
            "there is no terminal to draw the screen on; "
            "`maedet-tui search PRESET --headless` searches without it",
            USAGE,
        )
    return _open(None, runs_dir, None, notify=notify)


def watch(
    preset: Preset,
    runs_dir: Path,
    name: str | None,
    track: Sequence[str] = (),
    notify: str | None = None,
    at: Workplace = HERE,
) -> int:
    """Show the search of a preset. Returns the exit code.

    notify: one of `terminal.CALLS`, at its end. at: where its workers are.
    """
    return _open(preset, runs_dir, name, track=track, notify=notify, at=at)


def go_on(
    opened: Callable[[], RunStore],
    runs_dir: Path,
    track: Sequence[str] = (),
    notify: str | None = None,
    at: Workplace = HERE,
) -> int:
    """Show a search that goes on from what is stored. Returns the exit code.

    opened: opens it. runs_dir: where home finds runs. notify, at: as for `watch`.
    """
    return _open(None, runs_dir, None, opened, track, notify=notify, at=at)


def look_on(run: WatchedRun) -> int:
    """Show a search of another process, or one that has ended. Returns the exit code."""
    return _open(None, run.run_dir.parent, None, watched=run)


def look_on_sweep(folder: Path) -> int:
    """Show a sweep, whoever drives it. Returns the exit code."""
    from maedet_tui.store.lock import holder

    code = _open(None, folder.parent, None, sweep=folder)
    if holder(folder) is not None:
        echo(f"The sweep goes on: maedet-tui sweep watch {folder}")
    return code


def _open(
    preset: Preset | None,
    runs_dir: Path,
    name: str | None,
    opened: Callable[[], RunStore] | None = None,
    track: Sequence[str] = (),
    watched: WatchedRun | None = None,
    notify: str | None = None,
    sweep: Path | None = None,
    at: Workplace = HERE,
) -> int:
    # the search lets go of the interpreter within two milliseconds instead of five
    sys.setswitchinterval(0.002)
    runs: list[LocalRun] = []

    def new(chosen: Preset) -> LocalRun:
        from maedet_tui.runs.local import LocalRun

        # what is begun later, on the screen, has its workers here
        place, first_name = (HERE, None) if runs else (at, name)
        runs.append(LocalRun(chosen, runs_dir, first_name, track=track, at=place))
        return runs[-1]

    def gone_on_with(store: RunStore) -> LocalRun:
        from maedet_tui.runs.local import LocalRun

        runs.append(LocalRun.of(store, track, HERE if runs else at))
        return runs[-1]

    def start(chosen: Preset) -> LocalRun:
        run = new(chosen)
        run.start()
        return run

    def resume(folder: Path) -> LocalRun:
        from maedet_tui.store.begin import reopen_run

        run = gone_on_with(reopen_run(folder))
        run.start()
        return run

    class Screens(MaedetApp):
        def on_ready(self) -> None:
            """Begin once there is something to see: a search at full speed would hold that up."""
            if received:  # before anything was there to be asked about
                self.leaving.end_by(received[0])
            elif runs:
                self.call_after_refresh(runs[0].start)
            if notify is not None:
                self.set_interval(LOOK_EVERY, partial(call_at_ends, self, runs, notify, set()))

    with signals.collected() as received:
        first: SearchRun | None = watched
        if opened is not None or preset is not None:
            from maedet_tui.cli.output import failures

            with failures():
                if opened is not None:
                    first = gone_on_with(opened())
                elif preset is not None:
                    first = new(preset)
        codes: list[int] = []
        try:
            app = Screens(
                run=first,
                start=start,
                resume=resume,
                runs_dir=runs_dir,
                sweep=sweep,
                remembered=usual_file(),
            )
            app.run()
            codes.append(FAILED if app.return_code else 0)
        finally:
            from maedet_tui.cli.output import failures

            left = {run for run in runs if run.closed}
            for run in runs:  # all of them, before anything can go wrong with saying so
                run.close(PATIENCE)
            with failures():
                codes += [_report(run, run in left) for run in runs]
        _say_what_goes_on(app.shown_run)
        ended_by = app.leaving.ended_by or (received[0] if received else None)
        return 128 + ended_by if ended_by else max(codes)


def call_at_ends(
    app: MaedetApp, runs: Sequence[SearchRun], how: str, called: set[SearchRun]
) -> None:
    """Call the user for each run that has ended since the last look."""
    for run in runs:
        if run.snapshot.ended and run not in called:
            called.add(run)
            app.send(call(how, f"{run.run_dir.name}: {run.snapshot.state}"))


def _say_what_goes_on(run: SearchRun | None) -> None:
    """A search of another process that was on show when the screen closed."""
    if run is not None and not run.here:
        if not run.snapshot.ended:
            echo(f"The search goes on: maedet-tui watch {run.run_dir}")
        run.close()


def _report(run: LocalRun, left: bool) -> int:
    """Say where the best of a closed run is; the exit code that it deserves.

    left: on the screen, before that had closed.
    """
    from maedet_tui.summary import ending, rescue

    # left, it could be removed on the home screen; under a search, its folder is lost
    if left and not run.run_dir.exists() and not run.trouble:
        return 0
    snapshot = run.snapshot
    if run.detached and snapshot.state == "stopped" and not run.trouble:
        from maedet_tui.runs.detach import detach
        from maedet_tui.store.begin import reopen_run

        return detach(reopen_run(run.run_dir), run.track, run.at)
    if snapshot.state == "failed":
        echo(f"Error: {snapshot.error}", err=True)
    if run.save_error:
        echo(rescue(run.save_error, snapshot), err=True)
    elif run.saved:
        echo(ending(run.saved, snapshot))
        if run.trouble:
            echo(f"Error: {run.trouble}", err=True)
    if snapshot.state == "stopped" and run.saved:
        echo(f"To go on with it: maedet-tui resume {run.run_dir}")
    failed = snapshot.state == "failed" or run.trouble or run.save_error
    return FAILED if failed else 0
