"""One training: step, evaluate, keep, go on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from engine.backbone.checkpoint import load_weights
from engine.detection import Detector
from engine.formats import structure_yaml
from engine.structure import Structure
from engine.training import checkpoint
from engine.training.annotations import Annotations
from engine.training.dataset import Batch, Order, Pictures, View, batches
from engine.training.errors import TrainingError
from engine.training.evaluate import SIDES, average_precision, records
from engine.training.optimizer import optimizer
from engine.training.processes import Processes
from engine.training.settings import Settings


class Step(NamedTuple):
    """What a step came to. number: from 1. loss: the sum of the others; norm: of the gradient."""

    number: int
    loss: float
    classes: float
    boxes: float
    centreness: float
    lr: float
    norm: float


class Trainer:
    """A detector on a structure, as far as it has been trained.

    processes: those that train together. weights: of the backbone, in place of drawn ones.
    workers: processes that load images. Raises TrainingError, CheckpointError.
    """

    def __init__(
        self,
        structure: Structure,
        settings: Settings,
        annotations: Annotations,
        processes: Processes,
        weights: Path | None = None,
        workers: int = 0,
    ):
        device = processes.device
        if settings.batch % processes.size:
            raise TrainingError(
                f"batch is {settings.batch}, which {processes.size} processes cannot share evenly"
            )
        if settings.precision == "float16" and device.type != "cuda":
            raise TrainingError("float16 needs a GPU; use bfloat16 on a CPU")
        self.structure, self.settings, self.annotations = structure, settings, annotations
        self.processes, self.workers = processes, workers
        self.step = 0
        with torch.random.fork_rng():
            torch.manual_seed(settings.seed)
            classes = len(annotations.categories)
            self.detector = Detector(structure, classes, settings.architecture, processes.mean)
        if weights:
            load_weights(self.detector.backbone, weights)
        if processes.size > 1 and device.type == "cuda":  # torch has none for CPUs
            self.detector = nn.SyncBatchNorm.convert_sync_batchnorm(self.detector)
        # torch's annotations leave the memory format out
        self.detector.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer = optimizer(self.detector, settings)
        half = settings.precision == "float16"
        self._scaler = torch.amp.GradScaler(device.type, enabled=half)
        self._trained: nn.Module = self.detector
        if processes.size > 1:
            own = [device.index] if device.type == "cuda" else None
            self._trained = DistributedDataParallel(self.detector, device_ids=own)

    def steps(self) -> Iterator[Step]:
        """Take the steps that are left, one at a time. Raises TrainingError."""
        if self.step == self.settings.steps:
            return
        pictures = [
            one for one in self.annotations.pictures if any(not o.crowd for o in one.objects)
        ]
        order = Order(
            len(pictures),
            self.settings.batch,
            self.settings.seed,
            (self.settings.least, self.settings.most),
            range(self.step, self.settings.steps),
            self.processes.rank,
            self.processes.size,
        )
        shown = Pictures(self.annotations, pictures, self.settings.size)
        for batch in batches(shown, order, self.workers, self._on_gpu):
            yield self._advance(batch)

    def _advance(self, batch: Batch) -> Step:
        settings, device = self.settings, self.processes.device
        lr = settings.lr_at(self.step)
        for group in self._optimizer.param_groups:
            group["lr"] = lr
        self._trained.train()
        targets = [target.to(device) for target in batch.targets]
        with self._autocast():
            try:
                losses = self._trained(self._images(batch), targets)
            except ValueError as error:
                if "more than 1 value per channel" not in str(error):
                    raise
                raise TrainingError(
                    "one image of 32x32 leaves batch norm a single value in C5; raise --batch or "
                    "--size"
                ) from None
        total = losses.total
        means = self.processes.mean(torch.stack([total, *losses])).tolist()
        loss, classes, boxes, centreness = means
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is no finite number at step {self.step + 1}; train with a lower --lr"
            )
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(total).backward()
        self._scaler.unscale_(self._optimizer)
        norm = nn.utils.clip_grad_norm_(self.detector.parameters(), settings.clip)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self.step += 1
        return Step(self.step, loss, classes, boxes, centreness, lr, float(norm))

    def evaluate(
        self,
        annotations: Annotations,
        sides: tuple[float, float] = SIDES,
        stop: Callable[[], bool] = lambda: False,
    ) -> dict[str, float | None]:
        """Average precision on other images; see `average_precision`. Raises TrainingError.

        Every process looks at its share of the images, and all get the result. stop: asked
        between batches, where there is one process; if it says so, nothing is returned.
        """
        pictures = Pictures(annotations, annotations.pictures, self.settings.size)
        mine = range(self.processes.rank, len(annotations.pictures), self.processes.size)
        views = [View(index) for index in mine]
        size = max(1, self.settings.batch // self.processes.size)
        order = [views[start : start + size] for start in range(0, len(views), size)]
        found: list[dict[str, Any]] = []
        self.detector.eval()
        with torch.inference_mode(), self._autocast():
            for batch in batches(pictures, order, self.workers, self._on_gpu):
                detections = self.detector.detect(self._images(batch), batch.sizes)
                triples = zip(batch.pictures, batch.sizes, detections, strict=True)
                found += records(annotations, triples)
                if self.processes.size == 1 and stop():
                    return {}
        everything = [row for rows in self.processes.gather(found) for row in rows]
        return average_precision(annotations, everything, sides)

    def save(self, path: Path) -> None:
        """Write all that is needed to go on. Raises OSError. One process does, all wait."""
        if self.processes.rank == 0:
            checkpoint.write(
                path,
                {
                    "step": self.step,
                    "settings": self.settings.as_dict(),
                    "structure": structure_yaml.dumps(self.structure),
                    "categories": [list(pair) for pair in self.annotations.categories],
                    "data": self.annotations.digest,
                    "model": self.detector.state_dict(),
                    "optimizer": self._optimizer.state_dict(),
                    "scaler": self._scaler.state_dict(),
                },
            )

    def restore(self, path: Path, values: dict[str, Any]) -> None:
        """Go on from what `checkpoint.read` returned. Raises TrainingError."""
        checkpoint.same(path, values, self.structure, self.annotations.digest)
        try:
            self.detector.load_state_dict(values["model"])
            self._optimizer.load_state_dict(values["optimizer"])
            self._scaler.load_state_dict(values["scaler"])
        except (RuntimeError, ValueError, LookupError, TypeError, AttributeError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise TrainingError(f"{path}: is damaged: {reason}") from None
        self.step = min(max(values["step"], 0), self.settings.steps)

    @property
    def _on_gpu(self) -> bool:
        return self.processes.device.type == "cuda"

    def _images(self, batch: Batch) -> torch.Tensor:
        return batch.images.to(
            self.processes.device, memory_format=torch.channels_last, non_blocking=True
        )

    def _autocast(self) -> AbstractContextManager[Any]:
        precision = self.settings.precision
        return torch.autocast(
            self.processes.device.type,
            dtype=getattr(torch, precision) if precision != "float32" else None,
            enabled=precision != "float32",
        )
