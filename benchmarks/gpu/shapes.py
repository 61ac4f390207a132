"""Pictures of shapes with exact boxes, drawn by torch on the device: no file, no package.

Kinds and sizes are those of `engine.training.shapes`, the drawing is simpler.
"""

from __future__ import annotations

from random import Random

import torch

from engine.detection.assign import Target

#: circle, square, diamond and cross
KINDS = 4
#: sides as shares of the picture's; shapes of a picture; of a cross, half the width of an arm
_SIDES, _COUNT, _ARM = (0.1, 0.6), (2, 6), 0.33


def pictures(
    count: int, side: int, seed: int, device: torch.device
) -> tuple[torch.Tensor, list[Target]]:
    """Images (count, 3, side, side), channels last, and their objects, both on the device."""
    generator = torch.Generator(device=device)
    generator.manual_seed(seed)
    images = torch.empty(count, 3, side, side, device=device)
    images.normal_(0.0, 0.15, generator=generator)
    targets = []
    for number in range(count):
        target = _paint(images[number], Random(f"{seed} {number}"), side)
        targets.append(target.to(device))
    return images.contiguous(memory_format=torch.channels_last), targets


def _paint(image: torch.Tensor, rng: Random, side: int) -> Target:
    """Put shapes on an image, in place: those before are behind, and do not touch."""
    boxes: list[tuple[int, int, int, int]] = []
    labels = []
    for _ in range(rng.randint(*_COUNT)):
        size = max(12, round(side * rng.uniform(*_SIDES)))
        left, top = rng.randint(0, side - size), rng.randint(0, side - size)
        box = (left, top, left + size, top + size)
        if any(_touch(box, other) for other in boxes):
            continue
        kind = rng.randrange(KINDS)
        colour = [rng.choice((-1, 1)) * rng.uniform(0.7, 2.0) for _ in range(3)]
        mask = _mask(kind, size, image.device)
        place = image[:, top : top + size, left : left + size]
        for channel, value in enumerate(colour):
            place[channel] += mask * value
        boxes.append(box)
        labels.append(kind)
    return Target(torch.tensor(boxes, dtype=torch.float32).view(-1, 4), torch.tensor(labels))


def _mask(kind: int, size: int, device: torch.device) -> torch.Tensor:
    """(size, size), 1 where the shape is."""
    at = (torch.arange(size, device=device) + 0.5) * 2 / size - 1
    x, y = at[None, :], at[:, None]
    if kind == 0:
        inside = x**2 + y**2 <= 1
    elif kind == 1:
        inside = (x + y).abs() <= 2
    elif kind == 2:
        inside = x.abs() + y.abs() <= 1
    else:
        inside = (x.abs() <= _ARM) | (y.abs() <= _ARM)
    return inside.float()


def _touch(box: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    across = min(box[2], other[2]) - max(box[0], other[0])
    down = min(box[3], other[3]) - max(box[1], other[1])
    return across > 0 and down > 0
