"""Batches out of a checked annotation file.

Which images come in a step, and how each is scaled and flipped, follows from the seed and
the step alone: training that goes on from a checkpoint sees what it would have seen, with
any number of workers.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from engine.detection.assign import Target
from engine.training.annotations import Annotations, Picture
from engine.training.errors import TrainingError
from engine.training.pictures import decode, fitted, flipped, padded, to_tensor


class Batch(NamedTuple):
    """images (batch, 3, height, width), padded; sizes: (height, width) without padding;
    pictures: their records."""

    images: Tensor
    targets: list[Target]
    sizes: list[tuple[int, int]]
    pictures: list[Picture]


class View(NamedTuple):
    """How an image is shown: its number in the file, a factor of the size, and if flipped."""

    number: int
    factor: float = 1.0
    flip: bool = False


#: bytes of decoded images that a process keeps: a small set is then decoded once, not every epoch
KEPT_BYTES = 128 << 20
#: an image (3, height, width), its objects, and its record
Item = tuple[Tensor, Target, Picture]


class Pictures(Dataset[Item | TrainingError]):
    """The images of an annotation file, shown as a View says.

    size: (height, width) that they are scaled to fit into.
    """

    def __init__(
        self, annotations: Annotations, pictures: Sequence[Picture], size: tuple[int, int]
    ):
        self.pictures, self.size = pictures, size
        small = sum(3 * one.width * one.height for one in pictures) <= KEPT_BYTES
        self._decoded: dict[int, Any] | None = {} if small else None
        self._labels = {key: label for label, (key, _) in enumerate(annotations.categories)}

    def __getitem__(self, view: View) -> Item | TrainingError:
        """An item, or the TrainingError that there is in the place of them:
        one raised in a worker would come with the worker's traceback in its message."""
        picture = self.pictures[view.number]
        try:
            decoded = self._image(view.number)
        except TrainingError as error:
            return error
        size = fitted((picture.height, picture.width), self.size, view.factor)
        image = to_tensor(decoded, size)
        objects = [one for one in picture.objects if not one.crowd]
        boxes = torch.tensor([one.box for one in objects], dtype=torch.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        boxes *= torch.tensor([size[1] / picture.width, size[0] / picture.height]).repeat(2)
        labels = torch.tensor([self._labels[one.category] for one in objects], dtype=torch.long)
        if view.flip:
            image, boxes = flipped(image, boxes)
        return image, Target(boxes, labels), picture

    def _image(self, number: int) -> Any:
        """An image as Pillow's, which nothing changes. Raises TrainingError."""
        if self._decoded is None:
            return decode(self.pictures[number])
        if number not in self._decoded:
            self._decoded[number] = decode(self.pictures[number])
        return self._decoded[number]


def collate(items: list[Item | TrainingError]) -> Batch | TrainingError:
    """A batch, or the first error among its images."""
    for item in items:
        if isinstance(item, TrainingError):
            return item
    images, targets, pictures = zip(*items, strict=True)
    sizes = [tuple(image.shape[1:]) for image in images]
    return Batch(padded(images), list(targets), sizes, list(pictures))


class Order:
    """Views of each step: each image once in an epoch, shuffled, in whole batches.

    rank, world: this process takes every `world`-th image of each batch.
    """

    def __init__(
        self,
        images: int,
        batch: int,
        seed: int,
        factors: tuple[float, float],
        steps: range,
        rank: int = 0,
        world: int = 1,
    ):
        self._images, self._batch, self._seed = images, batch, seed
        self._factors, self._steps = factors, steps
        self._rank, self._world = rank, world
        self._shuffled = lru_cache(maxsize=2)(self._epoch)

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[list[View]]:
        for step in self._steps:
            places = range(step * self._batch + self._rank, (step + 1) * self._batch, self._world)
            yield [self._view(place) for place in places]

    def _view(self, place: int) -> View:
        """The view at a place in the endless row of epochs."""
        rng = Random(f"view {self._seed} {place}")
        epoch, number = divmod(place, self._images)
        return View(self._shuffled(epoch)[number], rng.uniform(*self._factors), rng.random() < 0.5)

    def _epoch(self, epoch: int) -> list[int]:
        order = list(range(self._images))
        Random(f"epoch {self._seed} {epoch}").shuffle(order)
        return order


def batches(pictures: Pictures, order: Any, workers: int = 0, pin: bool = False) -> Iterator[Batch]:
    """The batches of an order of views, loaded ahead by worker processes. Raises TrainingError."""
    for batch in DataLoader(
        pictures,
        batch_sampler=order,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=pin,
        worker_init_fn=_leave_signals,
    ):
        if isinstance(batch, TrainingError):
            raise batch
        yield batch


def _leave_signals(_: int) -> None:
    """In a worker: Ctrl+C reaches it too, but ending is the trainer's to decide."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
