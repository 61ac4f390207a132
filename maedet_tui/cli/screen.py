"""Opening the screen, and what stays in the terminal after it has closed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maedet_tui.cli.output import FAILED, USAGE, Failure, failures

if TYPE_CHECKING:
    from engine.settings import Preset
    from maedet_tui.local_run import LocalRun
    from maedet_tui.store.writer import RunStore
    from maedet_tui.watched_run import WatchedRun

#: seconds that a search is given to end after the screen has closed
PATIENCE = 5.0


def pick_and_watch(runs_dir: Path) -> int:
    """Let the user pick a preset, and show its search. Returns the exit code."""
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise Failure(
            "there is no terminal to draw the screen on; "
            "`maedet-tui search PRESET --headless` searches without it",
            USAGE,
        )
    return _open(None, runs_dir, None)


def watch(preset: Preset, runs_dir: Path, name: str | None, track: Sequence[str] = ()) -> int:
    """Show the search of a preset. Returns the exit code."""
    return _open(preset, runs_dir, name, track=track)


def go_on(store: RunStore, track: Sequence[str] = ()) -> int:
    """Show a search that goes on from what is stored. Returns the exit code."""
    return _open(store.record.preset, store.folder.parent, None, store, track)


def look_on(run: WatchedRun) -> int:
    """Show a search of another process, or one that has ended. Returns the exit code."""
    from maedet_tui.app import MaedetApp

    class Onlooker(MaedetApp):
        def action_leave(self) -> None:
            """Leave; the search goes on."""
            self.exit()

        def _end(self) -> None:
            self.exit()

        def pick(self) -> None:
            self.exit()

    def start(_: Preset) -> WatchedRun:
        return run

    app = Onlooker(run=run, presets=list, start=start)
    app.run()
    if run.live and not run.snapshot.ended:
        click.echo(f"The search goes on: maedet-tui watch {run.run_dir}")
    return FAILED if app.return_code else 0


def _open(
    preset: Preset | None,
    runs_dir: Path,
    name: str | None,
    store: RunStore | None = None,
    track: Sequence[str] = (),
) -> int:
    from maedet_tui.app import MaedetApp
    from maedet_tui.local_run import LocalRun

    # the search gives way to a key within a millisecond instead of five, several times a key
    sys.setswitchinterval(0.0005)
    runs: list[LocalRun] = []

    def prepare(chosen: Preset) -> LocalRun:
        if store is not None and not runs:
            run = LocalRun.of(store, track)
        else:
            run = LocalRun(chosen, runs_dir, name if not runs else None, track=track)
        runs.append(run)
        return run

    def start(chosen: Preset) -> LocalRun:
        run = prepare(chosen)
        run.start()
        return run

    class Screens(MaedetApp):
        def on_ready(self) -> None:
            """Begin once there is something to see: a search at full speed would hold that up."""
            if runs:
                self.call_after_refresh(runs[0].start)

    crashed = False
    with failures():
        app = Screens(run=prepare(preset) if preset else None, presets=_usable, start=start)
        try:
            app.run()
            crashed = bool(app.return_code)
        finally:
            codes = [_report(run) for run in runs]
    return max([FAILED if crashed else 0, *codes])


def _usable() -> list[Preset]:
    """The built-in presets; one that was edited into nonsense is left out."""
    from maedet_tui.presets import PresetError, builtin_names, load

    usable = []
    for name in builtin_names():
        try:
            usable.append(load(name))
        except PresetError as error:
            broken = str(error).splitlines()[0]
            click.echo(f"Left out a preset with mistakes: {broken}", err=True)
    return usable


def _report(run: LocalRun) -> int:
    """Say where the best of a run is; the exit code that it deserves."""
    from maedet_tui.report import ending, rescue

    run.close(PATIENCE)
    snapshot = run.snapshot
    if run.detached and snapshot.state == "stopped" and not run.trouble:
        from maedet_tui.detach import detach
        from maedet_tui.store.begin import reopen_run

        return detach(reopen_run(run.run_dir), run.track)
    if snapshot.state == "failed":
        click.echo(f"Error: {snapshot.error}", err=True)
    if run.save_error:
        click.echo(rescue(run.save_error, snapshot), err=True)
    elif run.saved:
        click.echo(ending(run.saved, snapshot))
        if run.trouble:
            click.echo(f"Error: {run.trouble}", err=True)
    if snapshot.state == "stopped" and run.saved:
        click.echo(f"To go on with it: maedet-tui resume {run.run_dir}")
    return FAILED if snapshot.state == "failed" or run.trouble else 0
