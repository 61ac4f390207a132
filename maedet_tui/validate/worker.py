"""One training of a validation, in a process that makes one after the other.

A folder of its own holds, while it is under way: last.pt, all that is needed to go on;
losses.json, what was summed up to there; step, how far it is, for whoever looks.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.outputs import write_whole
from maedet_tui.errors import SaveError
from maedet_tui.store import codec
from maedet_tui.validate.asked import Asked
from maedet_tui.validate.store import MEASURES, Trained

if TYPE_CHECKING:
    from engine.training.trainer import Trainer

CHECKPOINT, LOSSES, STEP = "last.pt", "losses.json", "step"
#: parts that the steps are divided into, of each of which the mean loss is kept
PARTS = 20
#: seconds between two checkpoints, and between two times that the step is told
SAVE_EVERY, TELL_EVERY = 60.0, 1.0


class Job(NamedTuple):
    """All that a process needs. folder: of the training. structure, asked: as in the database.
    threads: of this process. device: such as "cpu" or "cuda:0"."""

    number: int
    folder: str
    structure: str
    seed: int
    asked: str
    threads: int
    device: str


def train_here(job: Job) -> Trained:
    """Train in this process, which a lane has begun."""
    # not for the driver, which imports nothing of what a training needs
    from engine.memory import keep_freed
    from maedet_tui.sweep.processes import asked_to_stop

    keep_freed()
    return train(job, asked_to_stop)


def train(job: Job, stopped: Callable[[], bool]) -> Trained:
    """Train to the end, from the last checkpoint if there is one.

    stopped: asked at every step; what there is by then is saved. A training that fails for its
    own reason is one that has ended; nothing is raised for it.
    """
    import torch

    from engine.backbone.checkpoint import CheckpointError
    from engine.training.errors import TrainingError

    torch.set_num_threads(job.threads)
    folder = Path(job.folder)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        return _trained(job, folder, stopped)
    except (TrainingError, CheckpointError, SaveError, OSError) as error:
        return Trained("failed", place=place(), error=str(error))
    except RuntimeError as error:
        if "out of memory" not in str(error) and "allocate memory" not in str(error):
            raise
        return Trained("failed", place=place(), error="not enough memory; lower --batch or --jobs")


def place() -> str:
    """This process, as a run's lock names it."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def step_of(folder: Path) -> int:
    """How far a training under way is."""
    with contextlib.suppress(OSError, ValueError):
        return max(0, int((folder / STEP).read_text("utf-8")[:20]))
    return 0


def _trained(job: Job, folder: Path, stopped: Callable[[], bool]) -> Trained:
    import torch

    from engine.training import checkpoint
    from engine.training.processes import Processes
    from engine.training.settings import Settings
    from engine.training.trainer import Trainer

    asked = Asked.of_text(job.asked)
    settings = Settings.from_dict(asked.of_seed(job.seed))
    learnt, shown = asked.data.read()
    structure = codec.read_structure(job.structure)
    trainer = Trainer(structure, settings, learnt, Processes(0, 1, torch.device(job.device)))
    path = folder / CHECKPOINT
    if path.exists():
        trainer.restore(path, checkpoint.read(path))
    course = _Course(folder, trainer)
    for step in trainer.steps():
        course.add(step.loss)
        if stopped():
            break
    course.save()
    if trainer.step < settings.steps:
        return course.trained("stopped")
    found = trainer.evaluate(shown, asked.data.sides, stopped)
    if not found:
        return course.trained("stopped")
    return course.trained("finished", tuple(found[name] for name in MEASURES))


class _Course:
    """Losses and seconds of a training, kept beside its checkpoint."""

    def __init__(self, folder: Path, trainer: Trainer):
        self._folder, self._trainer = folder, trainer
        self._sums, self._counts, self._before = [0.0] * PARTS, [0] * PARTS, 0.0
        self._restore()
        self._began = self._saved = self._told = time.monotonic()
        self._tell()

    def add(self, loss: float) -> None:
        """A step was taken."""
        part = (self._trainer.step - 1) * PARTS // self._trainer.settings.steps
        self._sums[part] += loss
        self._counts[part] += 1
        now = time.monotonic()
        if now - self._told > TELL_EVERY:
            self._tell()
        if now - self._saved > SAVE_EVERY:
            self.save()

    @property
    def seconds(self) -> float:
        """Of all steps, those before an interruption too."""
        return self._before + time.monotonic() - self._began

    def save(self) -> None:
        """Keep what is needed to go on. Raises OSError."""
        values = {"step": self._trainer.step, "seconds": self.seconds, "sums": self._sums,
                  "counts": self._counts}  # fmt: skip
        self._trainer.save(self._folder / CHECKPOINT)
        write_whole(self._folder / LOSSES, json.dumps(values).encode())
        self._tell()
        self._saved = time.monotonic()

    def trained(self, state: str, precision: tuple[float | None, ...] | None = None) -> Trained:
        """What it came to by now."""
        losses = [total / count for total, count in zip(self._sums, self._counts) if count]
        found = Trained(
            state, self._trainer.step, self.seconds, losses=tuple(losses), place=place()
        )
        return found if precision is None else found._replace(precision=precision)

    def _restore(self) -> None:
        """Take up what was summed up before an interruption; without it, the course begins anew."""
        if not self._trainer.step:
            return
        with contextlib.suppress(OSError, *codec.DAMAGE):
            values: dict[str, Any] = json.loads((self._folder / LOSSES).read_text("utf-8"))
            sums, counts = list(map(float, values["sums"])), list(map(int, values["counts"]))
            if len(sums) == len(counts) == PARTS:
                self._sums, self._counts = sums, counts
                self._before = float(values["seconds"])

    def _tell(self) -> None:
        self._told = time.monotonic()
        with contextlib.suppress(OSError):
            (self._folder / STEP).write_text(str(self._trainer.step), "utf-8")
