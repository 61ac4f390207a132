"""A training from the command line: progress on a stream, signals heeded, results in a folder.

OUTPUT/last.pt         all that is needed to go on, replaced as a whole
OUTPUT/progress.jsonl  one line every few steps, and one for each evaluation
OUTPUT/result.json     what it came to
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import click

from engine.training.annotations import Annotations
from engine.training.trainer import Step, Trainer
from maedet_tui import formatting
from maedet_tui.cli import signals
from maedet_tui.errors import SaveError
from maedet_tui.files import save_error, write_atomically

CHECKPOINT, PROGRESS, RESULT = "last.pt", "progress.jsonl", "result.json"
#: steps between two lines of progress.jsonl, seconds between two on a stream
NOTE_EVERY, LINE_EVERY = 20, 5.0


class Outcome(NamedTuple):
    """How a training ended. precision: of the last evaluation. signal: what ended it early.
    seconds: of this process's `steps` steps, without evaluations."""

    step: Step | None
    precision: dict[str, float | None]
    steps: int
    seconds: float
    signal: int | None


def train(
    trainer: Trainer,
    validation: Annotations | None,
    output: Path,
    *,
    evaluate_every: int,
    save_every: int,
    stream: TextIO,
) -> Outcome:
    """Take the steps that are left; save every so often, at the end and when interrupted.

    evaluate_every: steps, 0 for the end alone. Raises SaveError, TrainingError.
    """
    alone, first = trainer.processes, trainer.processes.rank == 0
    precision: dict[str, float | None] = {}
    step, ended, seconds, began = None, None, 0.0, trainer.step
    with signals.collected() as received, _display(stream, trainer, shown=first) as display:

        def evaluate() -> dict[str, float | None]:
            assert validation is not None
            display.busy("evaluating")
            found = trainer.evaluate(validation, stop=lambda: bool(received))
            if not found:
                return {}
            _append(output, {"step": trainer.step, **found}, first)
            display.note(f"step {trainer.step:,}: {precisions(found)}")
            return found

        last = time.perf_counter()
        for step in trainer.steps():
            now = time.perf_counter()
            seconds += now - last
            display.show(step, seconds / (step.number - began))
            if step.number % NOTE_EVERY == 0 or step.number == began + 1:
                _append(output, step_values(step), first)
            if alone.any(bool(received)):
                ended = max(alone.gather(received[0] if received else 0))
                break
            final = step.number == trainer.settings.steps
            if step.number % save_every == 0 and not final:
                with _forgiven(display):  # the next time may do, and the last one must
                    _save(trainer, output)
            if validation and evaluate_every and step.number % evaluate_every == 0 and not final:
                precision = evaluate()
            last = time.perf_counter()
        _save(trainer, output)
        if validation and not ended:
            precision = evaluate()
            ended = received[0] if received and not precision else None
    return Outcome(step, precision, trainer.step - began, seconds, ended)


def _save(trainer: Trainer, output: Path) -> None:
    path = output / CHECKPOINT
    try:
        trainer.save(path)
    except OSError as error:
        raise save_error(path, error, "--output") from None


@contextmanager
def _forgiven(display: _Display) -> Iterator[None]:
    try:
        yield
    except SaveError as error:
        display.note(f"{error}; the training goes on")


def _append(output: Path, values: dict[str, Any], first: bool) -> None:
    if first:
        with suppress(OSError), (output / PROGRESS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


def prepare(output: Path, *, resume: bool, first: bool) -> None:
    """Make the folder, or fail before any work is done. Raises SaveError.

    first: this is the process that writes.
    """
    path = output / CHECKPOINT
    if resume:
        return
    if path.exists():
        raise SaveError(
            f"{path}: is there already; go on with it by --resume, or choose another --output"
        )
    if first:
        try:
            output.mkdir(parents=True, exist_ok=True)
            (output / PROGRESS).write_text("", "utf-8")
        except OSError as error:
            raise save_error(output, error, "--output") from None


def write_result(output: Path, values: dict[str, Any]) -> None:
    """Keep what a training came to beside its checkpoint. Raises SaveError."""
    write_atomically(output / RESULT, json.dumps(values, indent=2, allow_nan=False) + "\n")


def step_values(step: Step) -> dict[str, float]:
    """The keys of a step in JSON."""
    values = step._asdict()
    return {"step": values.pop("number"), **values}


def precisions(found: dict[str, float | None]) -> str:
    """AP 32.1 (AP50 …, small …), in percent; a dash where there are no such objects."""
    texts = {
        name.replace("AP_", ""): "-" if value is None else f"{100 * value:.1f}"
        for name, value in found.items()
    }
    first = texts.pop("AP")
    return f"AP {first} ({', '.join(f'{name} {text}' for name, text in texts.items())})"


class _Display:
    """A plain line every few seconds; `_Bar` is the one for terminals."""

    def __init__(self, trainer: Trainer, write: Callable[[str], None]):
        self._steps, self._write = trainer.settings.steps, write
        self._next = time.monotonic() + LINE_EVERY

    def show(self, step: Step, seconds: float) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_EVERY
            self.note(f"{step.number:,}/{self._steps:,}, {', '.join(self._fields(step, seconds))}")

    def busy(self, what: str) -> None:
        pass

    def note(self, sentence: str) -> None:
        self._write(sentence)

    def _fields(self, step: Step, seconds: float) -> list[str]:
        left = seconds * (self._steps - step.number)
        return [
            f"loss {step.loss:.3f}",
            f"{seconds:.2f} s/step",
            f"{formatting.duration(left)} left",
        ]


class _Bar(_Display):
    """A progress bar that rewrites its line."""

    def __init__(self, trainer: Trainer, progress: Any):
        super().__init__(trainer, lambda text: progress.console.print(text, markup=False))
        self._progress = progress
        self._task = progress.add_task("training", total=self._steps, text="")

    def show(self, step: Step, seconds: float) -> None:
        text = "  ".join(self._fields(step, seconds))
        self._progress.update(self._task, description="training", completed=step.number, text=text)

    def busy(self, what: str) -> None:
        self._progress.update(self._task, description=what)


@contextmanager
def _display(stream: TextIO, trainer: Trainer, *, shown: bool) -> Iterator[_Display]:
    if not shown:
        yield _Display(trainer, lambda _: None)
        return
    if not stream.isatty():
        yield _Display(trainer, lambda text: click.echo(text, file=stream))
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description:10}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[text]}"),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as progress:
        yield _Bar(trainer, progress)


def stream_for(as_json: bool) -> TextIO:
    """Where progress goes: standard output is for the result if that is JSON."""
    return sys.stderr if as_json else sys.stdout
