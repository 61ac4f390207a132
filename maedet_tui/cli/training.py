"""A training from the command line: progress on a stream, signals heeded, results in a folder.

OUTPUT/last.pt         all that is needed to go on, replaced as a whole
OUTPUT/progress.jsonl  one line every few steps, and one for each evaluation
OUTPUT/result.json     what it came to
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from engine.outputs import is_special
from engine.training.annotations import Annotations
from engine.training.trainer import Step, Trainer
from maedet_tui import formatting
from maedet_tui.cli import signals
from maedet_tui.cli.progress import Display, Row, shown_on
from maedet_tui.cli.streams import OutputLost
from maedet_tui.errors import SaveError
from maedet_tui.files import save_error, write_atomically

CHECKPOINT, PROGRESS, RESULT = "last.pt", "progress.jsonl", "result.json"
#: steps between two lines of progress.jsonl
NOTE_EVERY = 20


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
    told = stream if first else None
    with signals.collected() as received, _kept(trainer, output), shown_on(told) as progress:
        display = _Shown(trainer, progress)

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
def _kept(trainer: Trainer, output: Path) -> Iterator[None]:
    """Where nobody reads what is printed any more, save what there is before the end."""
    try:
        yield
    except OutputLost:
        _save(trainer, output)
        raise


@contextmanager
def _forgiven(display: _Shown) -> Iterator[None]:
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
    for name in (CHECKPOINT, PROGRESS, RESULT):
        if is_special(output / name):  # opening a pipe would wait for a reader
            raise SaveError(f"{output / name}: is no file; remove it, or choose another --output")
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
    text = json.dumps(values, indent=2, allow_nan=False) + "\n"
    write_atomically(output / RESULT, text, option="--output")


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


class _Shown:
    """A training on a display."""

    def __init__(self, trainer: Trainer, display: Display):
        self._steps, self._display = trainer.settings.steps, display
        self._last = Row("training", 0, self._steps)
        self.note = display.note

    def show(self, step: Step, seconds: float) -> None:
        """seconds: that a step takes."""
        left = seconds * (self._steps - step.number)
        words = (
            f"loss {step.loss:.3f}",
            f"{seconds:.2f} s/step",
            f"{formatting.duration(left)} left",
        )
        self._last = Row("training", step.number, self._steps, words)
        self._display.show(
            self._last, line=lambda: f"{step.number:,}/{self._steps:,}, {', '.join(words)}"
        )

    def busy(self, what: str) -> None:
        self._display.show(self._last._replace(what=what), at_once=True)


def stream_for(as_json: bool) -> TextIO:
    """Where progress goes: standard output is for the result if that is JSON."""
    return sys.stderr if as_json else sys.stdout
