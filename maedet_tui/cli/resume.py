"""`maedet-tui resume`: go on with a run, in its place or out of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.headless import search_headless
from maedet_tui.cli.leave import leave
from maedet_tui.cli.notify import notify_option
from maedet_tui.cli.output import failures
from maedet_tui.cli.runs_options import runs_dir_option, track_option, workers_options
from maedet_tui.runs.local import LocalRun
from maedet_tui.runs.workplace import Workplace
from maedet_tui.store.begin import branch_run, reopen_run
from maedet_tui.store.control import told_to_go_on
from maedet_tui.store.folders import find_run
from maedet_tui.store.writer import RunStore
from maedet_tui.terminal import echo
from maedet_tui.trackers import refuse_missing


@click.command()
@click.argument("run")
@click.option(
    "--headless", is_flag=True, help="No screen: a progress bar on a terminal, else plain lines."
)
@click.option("--iterations", type=int, metavar="N", help="Search to another T, in a new run.")
@click.option("--flops", metavar="N", help="Go on within another FLOPs budget, in a new run.")
@click.option("--params", metavar="N", help="Go on within another params budget, in a new run.")
@click.option("--layers", type=int, metavar="N", help="Go on within other layers, in a new run.")
@runs_dir_option
@click.option("--name", help="Folder of the new run.  [default: preset and time]")
@track_option
@notify_option
@workers_options
@click.option("--detach", is_flag=True, help="Search in the background; print how to watch it.")
@click.option("--json", "as_json", is_flag=True, help="As for `search`. Implies --headless.")
@click.option("--json-lines", is_flag=True, help="As for `search`. Implies --headless.")
@click.option("--detached", is_flag=True, hidden=True)
def resume(
    run: str,
    headless: bool,
    iterations: int | None,
    flops: str | None,
    params: str | None,
    layers: int | None,
    runs_dir: Path,
    name: str | None,
    track: tuple[str, ...],
    notify: str | None,
    workers: int | None,
    ray: str | None,
    detach: bool,
    as_json: bool,
    json_lines: bool,
    detached: bool,
) -> None:
    """Go on with RUN where it stopped: a name in RUNS_DIR, or a run's folder.

    The result is that of a search that was never interrupted. With other iterations or
    another budget, a new run goes on from there and RUN stays as it is. A paused
    search that another process holds is told to go on.
    """
    options = {
        "search.iterations": (iterations, "--iterations"),
        "budget.flops": (flops, "--flops"),
        "budget.params": (params, "--params"),
        "budget.layers": (layers, "--layers"),
    }
    overrides: dict[str, tuple[Any, str]] = {
        key: given for key, given in options.items() if given[0] is not None
    }
    if name is not None and not overrides:
        raise Failure("--name is for a new run; give --iterations or a budget with it", USAGE)
    headless = headless or as_json or json_lines
    at = Workplace(workers, ray)
    with failures():
        refuse_missing(track)
        folder = find_run(run, runs_dir)
        if not overrides and told_to_go_on(folder):
            echo(f"{folder}: goes on in the process that searches it")
            return
        if not (headless or detach) and not (sys.stdout.isatty() and sys.stdin.isatty()):
            raise Failure(
                "there is no terminal to draw the screen on; add --headless to search without it",
                USAGE,
            )

        def opened() -> RunStore:
            if overrides:
                return branch_run(folder, overrides, runs_dir, name)
            return reopen_run(folder)

        if detach:
            code = leave(opened, track, at)
        elif headless:
            code = search_headless(
                lambda: LocalRun.of(opened(), track, at),
                as_json=as_json,
                json_lines=json_lines,
                detached=detached,
                notify=notify,
            )
        else:
            # what a screen needs takes long to import, and the other ways do without
            from maedet_tui.cli.screen import go_on

            code = go_on(opened, runs_dir if overrides else folder.parent, track, notify, at)
    click.get_current_context().exit(code)
