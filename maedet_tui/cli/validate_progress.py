"""A validation under way and at its end: progress, signals heeded, tables, files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from maedet_tui import formatting
from maedet_tui.cli import signals
from maedet_tui.cli.failure import FAILED
from maedet_tui.cli.output import print_json
from maedet_tui.cli.progress import Display, Row, shown_on
from maedet_tui.files import save_error, write_atomically
from maedet_tui.report import evidence
from maedet_tui.sweep.processes import Processes
from maedet_tui.terminal import echo
from maedet_tui.validate import results
from maedet_tui.validate.begin import driving
from maedet_tui.validate.driver import Driver, Progress
from maedet_tui.validate.predictors import NAMES
from maedet_tui.validate.results import Results
from maedet_tui.validate.subjects import Subject
from maedet_tui.validate.worker import train_here

#: what is written into the folder of a validation
TABLE, FIGURE = "results.csv", "figure.svg"


def drive(folder: Path, jobs: int, threads: int, keep: Path | None, as_json: bool) -> int:
    """Train to the end, or until a signal; print what there is. Returns the exit code.

    jobs: trainings at a time. threads: of each. keep: a file of finished trainings.
    Raises StoreError, SaveError.
    """
    with signals.collected() as received, driving(folder) as store:
        left = sum(one.trained.state != "finished" for one in store.trainings())
        lanes = Processes(max(1, min(jobs, left)), train_here)
        driver = Driver(store, lanes, threads, _devices(store.asked().device), keep)
        with shown_on(sys.stderr if as_json else sys.stdout) as display:
            driver.run(lambda now: _tell(display, now), lambda: bool(received))
    found = results.of(folder)
    show(found, folder, as_json)
    if driver.trouble:
        echo(f"Error: {driver.trouble}", err=True)
    if found.finished < len(found.trainings):
        echo(f"`maedet-tui validate resume {folder}` goes on", err=True)
    if received:
        return 128 + received[0]
    return FAILED if found.failed or driver.trouble else 0


def show(found: Results, output: Path | None, as_json: bool) -> None:
    """Print what there is, and write table and figure into a folder. Raises SaveError."""
    if output is not None:
        _write(found, output)
    _print(found, output, as_json)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines: the first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def plan_rows(subjects: Sequence[Subject]) -> list[list[str]]:
    """Structures with their predictors."""
    rows = [["structure", *NAMES.values()]]
    for one in subjects:
        known = one.predicted
        rows.append([
            one.name, formatting.score(known.z), formatting.quantity(known.params),
            formatting.quantity(known.flops), str(known.layers),
            *("-" if value is None else formatting.score(value)
              for value in (known.zen_score, known.synflow, known.naswot)),
        ])  # fmt: skip
    return rows


def _devices(device: str) -> tuple[str, ...]:
    """Each card of this machine, or its processor."""
    if device == "cpu":
        return ("cpu",)
    import torch

    return tuple(f"cuda:{number}" for number in range(torch.cuda.device_count())) or ("cuda",)


def _tell(display: Display, now: Progress) -> None:
    left = f"{formatting.duration(now.left)} left" if now.left is not None else ""
    steps = f"{formatting.count(now.done)} of {formatting.count(now.of)} steps"
    row = Row("trainings", now.finished, now.trainings, (steps, left))
    display.show(
        row,
        line=lambda: ", ".join(
            filter(None, (f"{now.finished} of {now.trainings} trainings", steps, left))
        ),
    )


def _write(found: Results, output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(output, error, "--output") from None
    write_atomically(output / TABLE, results.csv_text(found))
    write_atomically(output / FIGURE, evidence.figure(found))


def _print(found: Results, output: Path | None, as_json: bool) -> None:
    if as_json:
        print_json(found.values())
        return
    names = {one.number: one.name for one in found.subjects}
    lines = [
        f"{found.folder}: {found.finished} of {len(found.trainings)} trainings have finished "
        f"({found.preset}, {found.asked.steps:,} steps)"
    ]
    if found.rows:
        lines += ["", *found.verdicts(), "", *aligned(evidence.correlations(found))]
        lines += ["", *aligned(evidence.structures(found))]
    lines += [f"{note}." for note in found.notes]
    lines += [
        f"Failed: {names[one.subject]}, seed {one.seed}: {one.trained.error}"
        for one in found.failed
    ]
    if output is not None:
        lines += ["", f"Wrote {output / TABLE} and {FIGURE}"]
    echo("\n".join(lines))
