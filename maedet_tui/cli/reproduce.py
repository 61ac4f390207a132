"""`maedet-tui reproduce`: the paper's tables with our searches beside them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from maedet_tui.cli.output import Failure, failures

NAMES = ("table1", "table4", "table6", "table8", "sizes", "all")


@click.command()
@click.argument("table", type=click.Choice(NAMES))
@click.option(
    "--quick", is_flag=True, help="A quarter of the iterations and one seed: a first look."
)
@click.option("--seeds", type=click.IntRange(1, 100), help="Searches per row.  [default: 3]")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the tables (Markdown and CSV) and figures (SVG and PNG, with the "
    "`figures` extra installed).",
)
def reproduce(table: str, quick: bool, seeds: int | None, output: Path | None) -> None:
    """Run the searches behind a TABLE of the paper and print both side by side.

    \b
    table1  S, M and L against the paper's structures (Tables 12-14)
    table4  single- and multi-scale entropy, coarse and coarse-to-fine
    table6  mobile backbones
    table8  seven ratios of the weights of C3, C4 and C5
    sizes   the four readings of "the size of the feature map" on all of these

    AP columns are quoted from the paper. Searches use the closed form; all of them
    together take minutes.
    """
    from rich.console import Console

    from maedet_tui.files import write_atomically
    from maedet_tui.reproduce import render, tables
    from maedet_tui.reproduce.paper import TABLES
    from maedet_tui.reproduce.searches import QUICK_ITERATIONS, run_all

    seeds = seeds or (1 if quick else 3)
    iterations = QUICK_ITERATIONS if quick else None
    names = [*TABLES, "sizes"] if table == "all" else [table]
    jobs = [
        job
        for name in names
        if name in TABLES
        for job in tables.jobs(TABLES[name], seeds, iterations)
    ]
    if "sizes" in names:
        jobs += tables.sizes_jobs(seeds, iterations)
    if output is not None:
        _check_writable(output)  # better now than after the searches
    found = _searched(jobs, run_all)
    sheets = [
        tables.compare_sizes(found, seeds, iterations)
        if name == "sizes"
        else tables.compare(TABLES[name], found, seeds, iterations)
        for name in names
    ]
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    for sheet in sheets:
        console.print(render.terminal(sheet))
    if output is None:
        return
    with failures():
        for sheet in sheets:
            write_atomically(output / f"{sheet.name}.md", render.markdown(sheet))
            write_atomically(output / f"{sheet.name}.csv", render.comma_separated(sheet))
    click.echo(f"Tables: {output}")
    try:
        from maedet_tui.reproduce import figures
    except ImportError:
        click.echo("Figures need matplotlib: pip install 'maedet-tui[figures]'", err=True)
        return
    try:
        drawn = figures.draw(names, found, seeds, iterations, output)
    except OSError as error:
        raise Failure(f"{output}: the figures cannot be written: {error.strerror}") from None
    if drawn:
        click.echo("Figures: " + ", ".join(path.name for path in drawn))


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Failure(
            f"{folder}: cannot be written: {error.strerror}; name another folder with --output"
        ) from None


def _searched(jobs, run_all):
    """Run the searches behind a progress bar on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("searches"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("searches")
        return run_all(jobs, lambda done, total: progress.update(task, completed=done, total=total))
