"""`maedet-tui reproduce`: the paper's tables with our searches beside them."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

import click
from rich.console import Console

from maedet_tui import formatting
from maedet_tui.cli.failure import Failure
from maedet_tui.cli.output import failures, print_json
from maedet_tui.cli.progress import Row, shown_on
from maedet_tui.files import write_atomically
from maedet_tui.reproduce import render, searches, tables
from maedet_tui.reproduce.paper import TABLES
from maedet_tui.reproduce.searches import Found, Job, Running
from maedet_tui.terminal import echo

NAMES = ("table1", "table4", "table6", "table8", "table9", "sizes", "inverse", "all")


@click.command()
@click.argument("table", type=click.Choice(NAMES))
@click.option(
    "--quick",
    is_flag=True,
    help="A quarter of the iterations and one seed, or one change at a time: a first look.",
)
@click.option("--seeds", type=click.IntRange(1, 100), help="Searches per row.  [default: 3]")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the tables (Markdown and CSV) and figures (SVG and PNG, with the "
    "`figures` extra installed).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def reproduce(
    table: str, quick: bool, seeds: int | None, output: Path | None, as_json: bool
) -> None:
    """Run the searches behind a TABLE of the paper and print both side by side.

    \b
    table1  S, M and L against the paper's structures (Tables 12-14)
    table4  single- and multi-scale entropy, coarse and coarse-to-fine
    table6  mobile backbones
    table8  seven ratios of the weights of C3, C4 and C5
    table9  Zen-Score, SynFlow and NASWOT as objectives, beside the entropy, and what
            they and six proxies of gradients make of the structures
    sizes   the four readings of "the size of the feature map" on Tables 1, 4, 6 and 8
    inverse which readings, rules and limits make the printed structures optimal
    all     the tables and sizes

    AP columns are quoted from the paper. Searches use closed forms, of the entropy and of
    the proxies, and take seconds each. Ctrl-C ends early: searches that are finished by
    then are printed and written all the same. "inverse" proves optima in the place of
    searches; with --output a later run goes on from what is known (inverse.json).
    """
    seeds = seeds or (1 if quick else 3)
    iterations = searches.QUICK_ITERATIONS if quick else None
    if output is not None:
        _check_writable(output)  # better now than after the searches
    if table == "inverse":
        _inverse(quick, output, as_json)
        return
    names = [*TABLES, "sizes"] if table == "all" else [table]
    jobs = [
        job
        for name in names
        if name in TABLES
        for job in tables.jobs(TABLES[name], seeds, iterations)
    ]
    if "sizes" in names:
        jobs += tables.sizes_jobs(seeds, iterations)
    found, interrupted = _searched(jobs)
    sheets = [
        tables.compare(TABLES[name], found, seeds, iterations) for name in names if name in TABLES
    ]
    if "table9" in names and not interrupted:
        sheets.append(tables.by_proxies(found, seeds, iterations))
    if "sizes" in names and not interrupted:
        sheets.append(tables.compare_sizes(found, seeds, iterations))
    _print(sheets, as_json)
    if output is not None:
        _write_sheets(output, sheets, as_json)
        _draw(output, [] if interrupted else names, found, seeds, iterations, as_json)
    if interrupted:
        raise SystemExit(130)


def _inverse(quick: bool, output: Path | None, as_json: bool) -> None:
    # proving optima, which only this needs
    from maedet_tui.cli import inverse
    from maedet_tui.reproduce import inverse_tables

    answers, interrupted = inverse.answers(quick, output, sys.stderr)
    sheets = inverse_tables.sheets(answers)
    _print(sheets, as_json, {"answers": [answer.row() for answer in answers.values()]})
    if output is not None:
        _write_sheets(output, sheets, as_json)
    if interrupted:
        raise SystemExit(130)


def _print(sheets: list[tables.Sheet], as_json: bool, more: dict[str, Any] | None = None) -> None:
    """Tables on the terminal; as_json: on one line, with `more` keys."""
    if as_json:
        print_json({"tables": [sheet._asdict() for sheet in sheets], **(more or {})})
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    for sheet in sheets:
        console.print(render.terminal(sheet))


def _write_sheets(output: Path, sheets: list[tables.Sheet], quiet: bool) -> None:
    with failures():
        for sheet in sheets:
            for ending, text in (
                ("md", render.markdown(sheet)),
                ("csv", render.comma_separated(sheet)),
            ):
                write_atomically(output / f"{sheet.name}.{ending}", text, option="--output")
    echo(f"Tables: {output}", err=quiet)


def _draw(
    output: Path,
    names: list[str],
    found: dict[Job, Found],
    seeds: int,
    iterations: int | None,
    quiet: bool,
) -> None:
    """Figures of the tables in `names`."""
    try:  # matplotlib is an extra
        from maedet_tui.reproduce import figures
    except ImportError:
        echo("Figures need matplotlib: pip install 'maedet-tui[figures]'", err=True)
        return
    with failures():
        drawn = figures.draw(names, found, seeds, iterations, output)
    if drawn:
        echo("Figures: " + ", ".join(path.name for path in drawn), err=quiet)


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Failure(
            f"{folder}: cannot be written: {error.strerror}; name another folder with --output"
        ) from None


def _searched(jobs: list[Job]) -> tuple[dict[Job, Found], bool]:
    """Run the searches behind bars on a terminal; what was found, and whether Ctrl-C came
    before the end."""
    found: dict[Job, Found] = {}
    began = monotonic()
    lengths: dict[Job, int] = {}

    def rows(done: int, of: int, running: Running) -> list[Row]:
        for job in running:
            if job not in lengths:
                lengths[job] = job.settings().schedule.iterations
        return [
            Row("searches", done, of, (formatting.duration(monotonic() - began),)),
            *(
                Row(f"  {job.preset}, seed {job.seed}", iteration, lengths[job])
                for job, iteration in running.items()
            ),
        ]

    with shown_on(sys.stderr) as display:
        try:
            searches.run_all(
                jobs, lambda done, of, running: display.show(*rows(done, of, running)), found
            )
        except KeyboardInterrupt:
            display.note(f"Interrupted: {len(found)} of {len(set(jobs))} searches are finished.")
            return found, True
    return found, False
