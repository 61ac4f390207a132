"""`maedet-tui sweep`: many searches side by side, and the sweeps that there are."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from engine.processor import processors
from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.lazy import StartingGroup
from maedet_tui.cli.output import failures, print_json
from maedet_tui.cli.runs_options import runs_dir_option
from maedet_tui.cli.sweep_options import How, refuse_no_terminal, running_options
from maedet_tui.cli.sweep_progress import drive
from maedet_tui.cli.sweep_words import plan_values, table
from maedet_tui.store import control
from maedet_tui.store.lock import holder
from maedet_tui.sweep.begin import find_sweep, new_sweep
from maedet_tui.sweep.detach import begin_driving
from maedet_tui.sweep.estimate import seconds
from maedet_tui.sweep.plan import Plan, Wanted, plan
from maedet_tui.sweep.reading import wanted_of
from maedet_tui.sweep.room import at_once, most_workers
from maedet_tui.sweep.standing import standing
from maedet_tui.sweep.store import SweepStore
from maedet_tui.sweep.varied import SweepError, parse_varied
from maedet_tui.terminal import echo

#: seconds that a sweep is given to heed a wish
PATIENCE = 20.0


@click.group(cls=StartingGroup, context_settings={"help_option_names": ["-h", "--help"]})
def sweep() -> None:
    """Search many presets side by side: budgets, seeds, any key of a preset.

    \b
    maedet-tui sweep PRESET... --vary budget.flops=50G..150G:9 --seeds 3
    is short for `maedet-tui sweep start PRESET...`, which --help explains.
    """


@sweep.command()
@click.argument("presets", nargs=-1, required=True, metavar="PRESET...")
@click.option(
    "--vary",
    multiple=True,
    metavar="KEY=VALUES",
    help="A key of presets and its values: a list A,B,C, or FROM..TO:COUNT, each the one before "
    "times the same factor. May be given for several keys: every combination is searched.",
)
@click.option("--seeds", type=int, metavar="N", help="So many seeds of each combination.")
@click.option("--audit", is_flag=True, help="Measure new bests by forward passes too.")
@click.option("--bound", is_flag=True, help="Bound the best possible beside each search too.")
@click.option("--skip-bad", is_flag=True, help="Leave out combinations that cannot be searched.")
@click.option("--name", help="Folder of this sweep in RUNS_DIR.  [default: preset and time]")
@click.option("--plan", "plan_only", is_flag=True, help="Show the plan and stop there.")
@running_options
def start(
    presets: tuple[str, ...],
    vary: tuple[str, ...],
    seeds: int | None,
    audit: bool,
    bound: bool,
    skip_bad: bool,
    name: str | None,
    plan_only: bool,
    how: How,
) -> None:
    """Search every combination of PRESETs and values; a YAML file may hold a whole sweep.

    Each search is a run in RUNS_DIR/NAME, to watch, resume and compare like any other. Nothing
    starts unless all of them can be searched.
    """
    with failures(), _told():
        wanted = _wanted(presets, vary, seeds, audit, bound)
        found = plan(wanted)
        if found.bad and not (skip_bad and found.searches):
            if how.as_json and plan_only:
                print_json(plan_values(found, None))
            more = "" if skip_bad or not found.searches else "\n--skip-bad searches the others"
            raise Failure(found.problems() + more)
        jobs = _jobs(how, found)
        about = seconds(found, jobs)
        if plan_only and how.as_json:
            print_json(plan_values(found, about))
            return
        echo(found.words(jobs, about), err=how.as_json)
        if plan_only:
            return
        refuse_no_terminal(how.silent)
        folder = new_sweep(wanted, found, how.runs_dir, name)
    _go(folder, how)


@sweep.command()
@click.argument("name")
@running_options
@click.option("--detached", is_flag=True, hidden=True)
def resume(
    name: str,
    detached: bool,
    how: How,
) -> None:
    """Go on with the sweep NAME: what has finished stays, the rest goes on where it stopped.

    A paused one that another process drives is told to go on.
    """
    with failures():
        folder = find_sweep(name, how.runs_dir)
        if holder(folder) is not None and not detached:
            with SweepStore(folder) as store:
                store.wish("resume")
            echo(f"{folder}: goes on in the process that drives it")
            return
        refuse_no_terminal(how.silent or detached)
    _go(folder, how, detached=detached)


@sweep.command()
@click.argument("name")
@runs_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def show(name: str, runs_dir: Path, as_json: bool) -> None:
    """Print where the sweep NAME stands: every search, its state and its best."""
    with failures():
        found = standing(find_sweep(name, runs_dir))
    if as_json:
        print_json(found.values())
    else:
        echo("\n".join(table(found)))


@sweep.command()
@click.argument("name")
@runs_dir_option
def watch(name: str, runs_dir: Path) -> None:
    """Show the sweep NAME on the screen, while it runs or after its end."""
    with failures():
        folder = find_sweep(name, runs_dir)
        refuse_no_terminal(False)
        code = _on_the_screen(folder)
    click.get_current_context().exit(code)


@sweep.command()
@click.argument("name")
@runs_dir_option
def pause(name: str, runs_dir: Path) -> None:
    """Hold the searches of the sweep NAME; `maedet-tui sweep resume NAME` goes on."""
    with failures():
        folder = _driven(name, runs_dir)
        with SweepStore(folder) as store:
            store.wish("pause")
    echo(f"{folder}: pauses; `maedet-tui sweep resume {folder}` goes on")


@sweep.command()
@click.argument("name")
@runs_dir_option
def stop(name: str, runs_dir: Path) -> None:
    """End the sweep NAME in whatever process; what its searches have found is saved."""
    with failures():
        folder = _driven(name, runs_dir)
        with SweepStore(folder) as store:
            store.wish("stop")
        if not control.wait_for(lambda: holder(folder) is None, PATIENCE):
            raise Failure(f"{folder}: has not stopped yet; its process has been asked to")
    echo(f"{folder}: stopped; `maedet-tui sweep resume {folder}` goes on")


def _jobs(how: How, found: Plan) -> int:
    """Searches at a time; a cluster knows better, once it is joined. Raises SweepError."""
    if how.where.ray is not None:
        return how.where.jobs or min(processors(), len(found.searches))
    workers = most_workers(one.text for one in found.searches)
    return at_once(how.where.jobs, len(found.searches), workers)


def _wanted(
    presets: tuple[str, ...],
    vary: tuple[str, ...],
    seeds: int | None,
    audit: bool,
    bound: bool,
) -> Wanted:
    """What the words of the command line ask for. Raises SweepError."""
    varied = tuple(map(parse_varied, vary))
    if len(presets) == 1 and (kept := wanted_of(presets[0])) is not None:
        keys = {one.key for one in varied}
        varied = (*(one for one in kept.varied if one.key not in keys), *varied)
        return replace(
            kept,
            varied=varied,
            seeds=kept.seeds if seeds is None else seeds,
            audit=kept.audit or audit,
            bound=kept.bound or bound,
        )
    return Wanted(presets, varied, seeds, audit, bound)


def _go(folder: Path, how: How, *, detached: bool = False) -> None:
    """Run a sweep, here or in the background, and end with its exit code."""
    with failures(), _told():
        if how.detach:
            pid = begin_driving(folder, how.where)
            echo(
                f"Searching in the background (process {pid}): {folder}\n"
                f"  maedet-tui sweep watch {folder}\n"
                f"  maedet-tui sweep pause {folder}   (maedet-tui sweep resume {folder} goes on)\n"
                f"  maedet-tui sweep stop {folder}"
            )
            code = 0
        elif how.silent or detached:
            code = drive(folder, how.where, as_json=how.as_json, detached=detached)
        else:
            # in a process of its own, so that leaving the screen need not end it
            begin_driving(folder, how.where)
            code = _on_the_screen(folder)
    click.get_current_context().exit(code)


def _driven(name: str, runs_dir: Path) -> Path:
    """The folder of a sweep that a process drives now. Raises Failure for another one."""
    folder = find_sweep(name, runs_dir)
    if holder(folder) is None:
        raise Failure(f"{folder}: nobody drives it; `maedet-tui sweep resume {folder}` goes on")
    return folder


def _on_the_screen(folder: Path) -> int:
    # what a screen needs takes long to import, and the other ways do without
    from maedet_tui.cli.screen import look_on_sweep

    return look_on_sweep(folder)


@contextlib.contextmanager
def _told() -> Any:
    """Turn what is wrong with a sweep as a whole into a Failure."""
    try:
        yield
    except SweepError as error:
        raise Failure(str(error), USAGE) from None
