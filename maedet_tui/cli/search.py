"""`maedet-tui search`: on the screen, or without one."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from engine.settings import AUTO
from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.headless import search_headless
from maedet_tui.cli.leave import leave
from maedet_tui.cli.notify import notify_option
from maedet_tui.cli.output import failures, load_preset, scorer_options
from maedet_tui.cli.runs_options import track_option, workers_options
from maedet_tui.runs.local import LocalRun
from maedet_tui.runs.workplace import Workplace
from maedet_tui.store.begin import new_run
from maedet_tui.terminal import echo
from maedet_tui.trackers import refuse_missing


def _population(
    context: click.Context, option: click.Parameter, value: str | None
) -> int | str | None:
    """What a preset says under `search.population`: a whole number, or "auto"."""
    if value is None or value == AUTO:
        return value
    try:
        return int(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither a whole number nor auto.") from None


@click.command()
@click.argument("preset")
@click.option(
    "--headless", is_flag=True, help="No screen: a progress bar on a terminal, else plain lines."
)
@click.option("--iterations", type=int, metavar="N", help="Iterations T of Algorithm 1.")
@click.option(
    "--population",
    callback=_population,
    metavar="N|auto",
    help="Size of the population; the switch to fine mutation keeps at most that many. "
    "auto: what suits the iterations.",
)
@click.option("--seed", type=int, metavar="N", help="Random seed: same seed, same search.")
@scorer_options
@click.option(
    "--runs-dir",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder of all runs.",
)
@click.option(
    "--name",
    help="Folder of this run in it; must not hold a run yet.  [default: preset and time]",
)
@track_option
@notify_option
@workers_options
@click.option("--detach", is_flag=True, help="Search in the background; print how to watch it.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the result as one line of JSON, last on standard output, and progress on "
    "standard error. Implies --headless.",
)
@click.option(
    "--json-lines",
    is_flag=True,
    help="Print progress as lines of JSON on standard output, once a second, with the result "
    "as the last one. Implies --headless.",
)
def search(
    preset: str,
    headless: bool,
    iterations: int | None,
    population: int | str | None,
    seed: int | None,
    scorer: str | None,
    device: str | None,
    runs_dir: Path,
    name: str | None,
    track: tuple[str, ...],
    notify: str | None,
    workers: int | None,
    ray: str | None,
    detach: bool,
    as_json: bool,
    json_lines: bool,
) -> None:
    """Search the best backbone for PRESET: a name such as maedet-m, or a YAML file.

    The best structure goes to RUNS_DIR/NAME: best.yaml, best.txt (the authors'
    structure_info format) and the preset as it was used; a database beside them lets
    `maedet-tui resume` go on with the search, `watch` show it and `runs` list it.
    """
    headless = headless or as_json or json_lines
    if not (headless or detach) and not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise Failure(
            "there is no terminal to draw the screen on; add --headless to search without it", USAGE
        )
    options = {
        "--iterations": ("search.iterations", iterations),
        "--population": ("search.population", population),
        "--seed": ("search.seed", seed),
        "--scorer": ("scorer", scorer),
        "--device": ("device", device),
        "--workers": ("workers", workers),
    }
    at = Workplace(ray=ray)
    with failures():
        chosen = at.applied(load_preset(preset, options))
        if detach:
            refuse_missing(track)
            code = leave(lambda: new_run(chosen, runs_dir, name), track, at)
        elif headless:
            from maedet_tui.presets.doubts import doubts

            for doubt in doubts(chosen):
                echo(f"Warning: {replace(doubt, where='')}", err=True)

            def begin() -> LocalRun:
                return LocalRun(chosen, runs_dir, name, track=track, at=at)

            code = search_headless(begin, as_json=as_json, json_lines=json_lines, notify=notify)
        else:
            # what a screen needs takes long to import, and the other ways do without
            from maedet_tui.cli.screen import watch

            code = watch(chosen, runs_dir, name, track, notify, at)
    click.get_current_context().exit(code)
