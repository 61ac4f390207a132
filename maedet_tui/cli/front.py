"""`maedet-tui front`: the Pareto front of searches."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from engine.formats.structure_yaml import to_rows
from engine.settings import SCORERS
from maedet_tui import formatting
from maedet_tui.cli import signals
from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.output import failures, print_json
from maedet_tui.cli.progress import Row, shown_on
from maedet_tui.cli.runs_options import runs_dir_option
from maedet_tui.formatting import one_line
from maedet_tui.sweep import front_files
from maedet_tui.sweep.front import COSTS, OPTIMUM, PUBLISHED, Front, Point, found_in
from maedet_tui.sweep.front import front as front_of
from maedet_tui.sweep.optima import optima
from maedet_tui.sweep.varied import SweepError
from maedet_tui.terminal import echo


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="SWEEP|RUN...")
@runs_dir_option
@click.option("--x", type=click.Choice(COSTS), default="flops", show_default=True, help="The cost.")
@click.option(
    "--y",
    type=click.Choice(("z", *(name for name in SCORERS if name != "auto"))),
    default="z",
    show_default=True,
    help="The score: z as the searches have it, or a scorer that scores all of them anew.",
)
@click.option("--optimum", is_flag=True, help="Also the proven optimum under each budget.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Write it as .csv, .svg or .png (these with the `figures` extra). May be given for each.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print it as CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@click.pass_context
def front(
    context: click.Context,
    names: tuple[str, ...],
    runs_dir: Path,
    x: str,
    y: str,
    optimum: bool,
    output: tuple[Path, ...],
    as_csv: bool,
    as_json: bool,
) -> None:
    """The structures that no other one beats, among all that sweeps and runs have found.

    The paper's structures and the ResNets stand beside them, scored alike.
    """
    if as_csv and as_json:
        raise Failure("--csv and --json: choose one of the two", USAGE)
    for path in output:
        if path.suffix not in front_files.ENDINGS:
            raise Failure(f"--output {path}: must end in {', '.join(front_files.ENDINGS)}", USAGE)
    quiet = as_csv or as_json
    with signals.collected() as received, failures():
        try:
            found = found_in(names, runs_dir)
            with shown_on(sys.stderr if quiet else sys.stdout) as display:

                def told(what: str, done: int, of: int) -> None:
                    display.show(Row(what, done, of))

                curve = (
                    optima(found, lambda done, of: told("optima", done, of), lambda: bool(received))
                    if optimum
                    else []
                )
                shown = front_of(found, x, y, curve, lambda done, of: told("structures", done, of))
            for path in output:
                front_files.write(shown, path)
        except SweepError as error:
            raise Failure(str(error)) from None
    if as_csv:
        echo(front_files.csv_of(shown), nl=False)
    elif as_json:
        print_json(values(shown))
    else:
        echo("\n".join(table(shown)))
        for path in output:
            echo(f"Saved: {path}")
    if received:
        context.exit(128 + received[0])


def values(shown: Front) -> dict[str, Any]:
    """The keys of the JSON."""
    return {
        "x": shown.x,
        "y": shown.y,
        "image_size": formatting.image_size(shown.image_size),
        "points": [
            {
                "name": one.name,
                "source": one.source,
                "x": one.x,
                "y": one.y,
                "dominated": one.dominated,
                **one.cost._asdict(),
                "structure": to_rows(one.structure),
            }
            for one in shown.points
        ],
    }


def table(shown: Front) -> list[str]:
    """The front as lines, by rising x."""
    width = max(len(one.name) for one in shown.points)
    heading = "Z" if shown.y == "z" else shown.y
    lines = [
        f"  {'structure':{width}} {shown.x:>9} {heading:>10} {'params':>7} {'FLOPs':>8} "
        f"{'layers':>6}"
    ]
    for one in shown.points:
        lines.append(
            f"{_mark(one)} {one_line(one.name):{width}} {_x(shown, one):>9} "
            f"{formatting.score(one.y):>10} {formatting.quantity(one.cost.params):>7} "
            f"{formatting.quantity(one.cost.flops):>8} {one.cost.layers:>6}"
        )
    lines.append("* on the front of what was searched   - dominated   o published   ^ proven")
    return lines


def _mark(one: Point) -> str:
    if one.source == PUBLISHED:
        return "o"
    if one.source == OPTIMUM:
        return "^"
    return "-" if one.dominated else "*"


def _x(shown: Front, one: Point) -> str:
    if shown.x == "latency":
        return f"{1e3 * one.x:.2f} ms"
    return f"{one.x:.0f}" if shown.x == "layers" else formatting.quantity(one.x)
