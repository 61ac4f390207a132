"""Backbone, pyramid and head in one module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from engine.backbone import build
from engine.detection.assign import Target, assign
from engine.detection.decode import Detections, decode
from engine.detection.head import FCOSHead, Raw
from engine.detection.losses import Losses, losses
from engine.detection.neck import STRIDES, FeaturePyramid
from engine.detection.points import Points, points
from engine.structure import Structure


class Architecture(NamedTuple):
    """What is built around the backbone.

    channels: of pyramid and head. depth: convolutions of each of the head's towers.
    reach: strides that a level's points reach at most, 8 in FCOS, where images have 800
    pixels; less lets small images use more than the finest level.
    """

    channels: int = 256
    depth: int = 4
    reach: float = 8.0


def _alone(value: Tensor) -> Tensor:
    return value


class Detector(nn.Module):
    """An FCOS detector on a structure.

    mean: averages a number over the processes that train together.
    Raises StructureError if the structure cannot be built.
    """

    def __init__(
        self,
        structure: Structure,
        classes: int,
        architecture: Architecture = Architecture(),  # noqa: B008  immutable
        mean: Callable[[Tensor], Tensor] = _alone,
    ):
        super().__init__()
        self.backbone = build(structure, out_indices=(2, 3, 4))
        self.neck = FeaturePyramid(self.backbone.feature_info.channels(), architecture.channels)
        self.head = FCOSHead(architecture.channels, classes, architecture.depth, STRIDES)
        self.reach = architecture.reach
        self._mean = mean

    def forward(self, images: Tensor, targets: Sequence[Target]) -> Losses:
        """Losses of images (batch, 3, height, width), sides multiples of 32, and their objects."""
        raw, where = self.look(images)
        assigned = [assign(where, target) for target in targets]
        return losses(
            raw,
            where.at,
            torch.stack([one.labels for one in assigned]),
            torch.stack([one.boxes for one in assigned]),
            self._mean,
        )

    @torch.no_grad()
    def detect(self, images: Tensor, sizes: Sequence[tuple[int, int]]) -> list[Detections]:
        """What is in each image; sizes: its (height, width) without padding."""
        return decode(*self.look(images), sizes)

    def look(self, images: Tensor) -> tuple[Raw, Points]:
        """What the head says, and the points that it says it of."""
        levels = self.neck(self.backbone(images))
        shapes = [tuple(level.shape[-2:]) for level in levels]
        return self.head(levels), points(shapes, STRIDES, self.reach, images.device)
