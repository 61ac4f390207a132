"""Which point answers for which object: FCOS's levels and centre sampling."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from engine.detection.boxes import areas, distances_of
from engine.detection.points import Points

#: a point answers for an object whose centre is within this many strides of it
RADIUS = 1.5
BACKGROUND = -1


class Target(NamedTuple):
    """The objects of one image: boxes (N, 4) in pixels, labels (N,) from 0."""

    boxes: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Target:
        """The same on a device."""
        return Target(self.boxes.to(device), self.labels.to(device))


class Assigned(NamedTuple):
    """For each point of an image its label, BACKGROUND for none, and its box (P, 4)."""

    labels: Tensor
    boxes: Tensor


def assign(points: Points, target: Target) -> Assigned:
    """Give each point at most one object.

    A point may answer for an object if it lies in its box, within RADIUS strides of its
    centre, and if the farthest side of the box is a distance of the point's level. Where
    it may answer for several, it takes the smallest.
    """
    count = len(points.at)
    if not len(target.boxes):
        return Assigned(
            torch.full((count,), BACKGROUND, device=points.at.device),
            torch.zeros(count, 4, device=points.at.device),
        )
    boxes = target.boxes[None].expand(count, -1, -1)
    distances = distances_of(points.at[:, None], boxes)
    farthest = distances.amax(-1)
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    near = ((points.at[:, None] - centre).abs() < RADIUS * points.stride[:, None, None]).all(-1)
    may = (
        (distances.amin(-1) > 0)
        & near
        & (farthest > points.low[:, None])
        & (farthest <= points.high[:, None])
    )
    area = torch.where(may, areas(target.boxes)[None], torch.inf)
    smallest, which = area.min(1)
    labels = torch.where(smallest < torch.inf, target.labels[which], BACKGROUND)
    return Assigned(labels, target.boxes[which])
