"""`maedet-tui watch`, `pause` and `stop`: a search in another process, from any terminal."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from engine.snapshot import ENDED
from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.output import failures
from maedet_tui.cli.runs_options import runs_dir_option
from maedet_tui.runs.watched import watching
from maedet_tui.store import control
from maedet_tui.store.control import state_of, wait_for, wish
from maedet_tui.store.database import StoreError
from maedet_tui.store.folders import find_run
from maedet_tui.store.lock import crashed, holder
from maedet_tui.terminal import echo

#: seconds that a search is given to hold
PATIENCE = 5.0


@click.command()
@click.argument("run")
@runs_dir_option
def watch(run: str, runs_dir: Path) -> None:
    """Show RUN on the screen while another process searches it, or after its end.

    Closing the screen leaves the search running; any number may watch.
    """
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise Failure(
            "there is no terminal to draw the screen on; `maedet-tui runs show RUN` prints "
            "where a run stands",
            USAGE,
        )
    with failures(), watching(find_run(run, runs_dir)) as watched:
        # what a screen needs takes long to import, and a run that is not there is told without
        from maedet_tui.cli.screen import look_on

        code = look_on(watched)
    click.get_current_context().exit(code)


@click.command()
@click.argument("run")
@runs_dir_option
def pause(run: str, runs_dir: Path) -> None:
    """Hold the search of RUN in whatever process; `maedet-tui resume RUN` goes on."""
    with failures():
        folder = _live(run, runs_dir)
        wish(folder, "pause")
        if not wait_for(lambda: state_of(folder) != "running", PATIENCE):
            echo(f"{folder}: will pause when the pass that it is in allows it")
            return
        state = state_of(folder)
    if state == "paused":
        echo(f"{folder}: paused; `maedet-tui resume {folder}` goes on")
    else:
        echo(f"{folder}: has {state} meanwhile")


@click.command()
@click.argument("run")
@runs_dir_option
def stop(run: str, runs_dir: Path) -> None:
    """End the search of RUN in whatever process; its best so far is saved."""
    with failures():
        folder = _live(run, runs_dir)
        if not control.stop(folder):
            raise Failure(
                f"{folder}: does not stop; its process neither heeds the wish nor a SIGTERM"
            )
        echo(
            f"{folder}: stopped, {folder / 'best.yaml'} is saved; "
            f"`maedet-tui resume {folder}` goes on"
        )


def _live(run: str, runs_dir: Path) -> Path:
    """The folder of a run that a process searches now. Raises Failure for another one."""
    folder = find_run(run, runs_dir)
    if (owner := holder(folder)) is not None:
        with contextlib.suppress(StoreError):  # that of a damaged run can be ended all the same
            if (state := state_of(folder)) in ENDED:
                raise Failure(f"{folder}: has {state} already; {owner} merely has it open")
        return folder
    state = state_of(folder)
    if state in ENDED:
        raise Failure(f"{folder}: has {state} already; nobody searches it")
    who = crashed(folder) or "the process that searched it"
    raise Failure(
        f"{folder}: {who} is gone without having ended it; `maedet-tui resume {folder}` goes on"
    )
