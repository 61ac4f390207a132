"""`maedet-tui runs`: list, show, note, rename, compare, remove and export what was searched."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

import click

from engine.formats.structure_yaml import to_rows
from engine.scorers.base import Score
from engine.settings import Preset
from engine.snapshot import Candidate, Snapshot
from maedet_tui import formatting, summary
from maedet_tui.cli.failure import Failure
from maedet_tui.cli.output import failures, print_json
from maedet_tui.cli.runs_options import runs_dir_option
from maedet_tui.files import write_atomically
from maedet_tui.formatting import one_line, printable
from maedet_tui.store.folders import find_run, remove_run, rename_run, run_folders
from maedet_tui.store.listing import Line, history_csv, in_order, line
from maedet_tui.store.notes import write_note
from maedet_tui.store.reader import RunReader
from maedet_tui.terminal import echo

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")


@click.group(invoke_without_command=True)
@runs_dir_option
@_JSON
@click.pass_context
def runs(context: click.Context, runs_dir: Path, as_json: bool) -> None:
    """List the runs in RUNS_DIR, last searched first: state, preset, progress, best Z, gap, age."""
    if context.invoked_subcommand is not None:
        return
    with failures():
        lines = [line(folder) for folder in run_folders(runs_dir)]
    lines = in_order(lines)
    if as_json:
        print_json({"runs": [found.values() for found in lines]})
        return
    if not lines:
        echo(f"There are no runs in {runs_dir}; `maedet-tui search maedet-m` makes one.")
        return
    width = max(len(found.name) for found in lines)
    echo(
        f"{'run':{width}} {'state':11} {'preset':12} {'progress':>19} {'best Z':>10} {'gap':>9} "
        f"{'age':>12}"
    )
    for found in lines:
        echo(_row(found, width))


def _row(found: Line, width: int) -> str:
    name = one_line(found.name)
    if found.problem:
        return f"{name:{width}} {found.state:11} {found.problem}"
    done = formatting.percent(found.iteration, found.iterations)
    progress = f"{formatting.count(found.iteration)} ({done})"
    z = formatting.score(found.score) if found.score is not None else "-"
    gap = formatting.gap(found.gap / 100) if found.gap is not None else "-"
    return (
        f"{name:{width}} {found.state:11} {one_line(found.preset):12} {progress:>19} {z:>10} "
        f"{gap:>9} {formatting.duration(found.age):>12}" + (f"  {found.note}" if found.note else "")
    )


@runs.command()
@click.argument("run")
@runs_dir_option
@_JSON
def show(run: str, runs_dir: Path, as_json: bool) -> None:
    """Print where RUN stands, its best structure and what became of its children."""
    with failures():
        folder = find_run(run, runs_dir)
        with contextlib.closing(RunReader(folder)) as reader:
            snapshot = reader.snapshot()
        found = line(folder)
    best = snapshot.best if snapshot is not None else None
    if as_json:
        print_json(
            {
                **found.values(),
                "run_dir": str(folder),
                "counts": dict(snapshot.counts) if snapshot else {},
                **(best.cost._asdict() if best else {}),
                "structure": to_rows(best.structure) if best else None,
                "error": snapshot.error if snapshot else None,
            }
        )
        return
    echo(f"{folder}: {found.state}, preset {found.preset}")
    if found.note:
        echo(f"Note: {found.note}")
    if found.parent:
        echo(f"Goes on from {found.parent}.")
    if snapshot is None:
        return
    if snapshot.error:
        echo(f"Error: {snapshot.error}")
    counts = ", ".join(f"{formatting.count(n)} {reason}" for reason, n in snapshot.counts.items())
    echo(f"Children: {counts or 'none yet'}.")
    echo(summary.outcome(snapshot))


@runs.command()
@click.argument("run")
@click.argument("text")
@runs_dir_option
def note(run: str, text: str, runs_dir: Path) -> None:
    """Keep TEXT, a line, with RUN, in place of its note before; '' takes that away."""
    with failures():
        folder = find_run(run, runs_dir)
        write_note(folder, text.strip())
    echo(f"{folder}: {'noted' if text.strip() else 'has no note now'}")


@runs.command()
@click.argument("run")
@click.argument("name")
@runs_dir_option
def rename(run: str, name: str, runs_dir: Path) -> None:
    """Call RUN, and its folder, NAME; one that is being searched is refused."""
    with failures():
        folder = find_run(run, runs_dir)
        renamed = rename_run(folder, name)
    echo(f"{folder} is {renamed} now")


class _Compared(NamedTuple):
    """A run beside others."""

    name: str
    preset: Preset
    snapshot: Snapshot
    best: Candidate


@runs.command()
@click.argument("names", nargs=-1, required=True, metavar="RUN RUN...")
@runs_dir_option
@_JSON
def compare(names: tuple[str, ...], runs_dir: Path, as_json: bool) -> None:
    """Print the best structures of several runs side by side, best Z first.

    Z compares only between runs of one objective and scorer.
    """
    with failures():
        rows = []
        for name in names:
            folder = find_run(name, runs_dir)
            with contextlib.closing(RunReader(folder)) as reader:
                snapshot, preset = reader.snapshot(), reader.record.preset
            if snapshot is None or snapshot.best is None:
                raise Failure(f"{folder}: has found nothing yet that could be compared")
            rows.append(_Compared(folder.name, preset, snapshot, snapshot.best))
    rows.sort(key=lambda row: -row.best.score.z)
    alike = len({_judged_by(row.preset, row.best.score) for row in rows}) == 1
    if as_json:
        print_json(
            {
                "comparable": alike,
                "runs": [
                    {
                        "name": name,
                        "preset": preset.name,
                        "seed": preset.schedule.seed,
                        "score": best.score.z,
                        "method": best.score.method,
                        **best.cost._asdict(),
                        "gap": _gap(snapshot),
                        "iteration": snapshot.iteration,
                        "best_at_iteration": snapshot.best_iteration,
                        "widths": list(best.structure.widths),
                    }
                    for name, preset, snapshot, best in rows
                ],
            }
        )
        return
    width = max(len(row.name) for row in rows)
    echo(
        f"{'run':{width}} {'best Z':>10} {'params':>7} {'FLOPs':>8} {'layers':>6} "
        f"{'iterations':>12} {'seed':>6}  widths of C1-C5"
    )
    for name, preset, snapshot, best in rows:
        cost = best.cost
        echo(
            f"{name:{width}} {formatting.score(best.score.z):>10} "
            f"{formatting.quantity(cost.params):>7} {formatting.quantity(cost.flops):>8} "
            f"{cost.layers:>6} {formatting.count(snapshot.iteration):>12} "
            f"{preset.schedule.seed:>6}  {' '.join(map(str, best.structure.widths))}"
        )
    if not alike:
        echo("These runs differ in objective or scorer, so their Z do not compare.", err=True)


def _gap(snapshot: Snapshot) -> float | None:
    """How far the best is below the best possible at most, in percent."""
    gap = snapshot.bound.gap if snapshot.bound else None
    return None if gap is None else 100 * gap


def _judged_by(preset: Preset, score: Score) -> tuple[object, ...]:
    """What is the same of two runs whose Z compare."""
    images = preset.forward.batch if score.by_images else None
    return preset.objective, score.method, images


@runs.command()
@click.argument("names", nargs=-1, required=True, metavar="RUN...")
@runs_dir_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def rm(names: tuple[str, ...], runs_dir: Path, yes: bool) -> None:
    """Remove runs with everything in their folders; a live one is refused."""
    with failures():
        folders = [find_run(name, runs_dir) for name in names]
        if not yes:
            question = printable(f"Remove {', '.join(map(str, folders))} for good?")
            click.confirm(question, abort=True, err=True)
        for folder in folders:
            echo(remove_run(folder))


@runs.command("export-csv")
@click.argument("run")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@runs_dir_option
def export_csv(run: str, file: Path | None, runs_dir: Path) -> None:
    """Write the history of RUN as CSV to FILE, or print it: Z and the costs of C1-C5."""
    with failures():
        with contextlib.closing(RunReader(find_run(run, runs_dir))) as reader:
            text = history_csv(reader)
        if file is None:
            echo(text, nl=False)
        else:
            write_atomically(file, text, named=True)
            echo(f"Wrote {file}")
