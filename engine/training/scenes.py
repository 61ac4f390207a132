"""A synthetic set that no single scale solves: shapes 8 to 96 pixels of 128 across, among clutter.

Sides are log-uniform, so that the small are as many as the large; a nearer shape may hide a part
of a farther one; and strokes and stars that are no objects have the same colours as those that
are. `engine.training.shapes` has the shapes, and writes the files.
"""

from __future__ import annotations

import math
from random import Random
from typing import Any

import numpy as np

from engine.training.shapes import FINER, SHAPES, Drawn, unlike

#: sides of the shapes, as shares of the image's shorter side: 8 to 96 pixels of 128
SIDES = (1 / 16, 3 / 4)
#: shapes of an image, and things that are none
_COUNT, _CLUTTER = (3, 10), (6, 14)
#: the share of a shape that is to be seen, below which it is no object any more
_SEEN = 0.4
#: pixels of a side, below which a shape is a blot
_LEAST = 5


def _star(points: int) -> list[tuple[float, float]]:
    return [
        (radius * math.cos(angle), radius * math.sin(angle))
        for number in range(2 * points)
        for angle in [math.pi * number / points]
        for radius in [1.0 if number % 2 else 0.4]
    ]


#: what is no object: outlines in a circle of radius 1
_OTHERS = (
    [(-1.0, -0.08), (1.0, -0.08), (1.0, 0.08), (-1.0, 0.08)],
    [(-1.0, -0.2), (1.0, -0.05), (1.0, 0.05), (-1.0, 0.2)],
    _star(5),
    _star(8),
)


def draw(rng: Random, size: tuple[int, int]) -> Drawn:
    """A scene of (height, width), with what is seen of each shape; see `shapes.draw`."""
    from PIL import Image

    height, width = size
    noise = np.random.default_rng(rng.getrandbits(64))
    ground = np.array([rng.uniform(40, 215) for _ in range(3)])
    pixels = ground + _slopes(rng, size) + noise.normal(0, 10, (height, width, 3))
    shapes = [(0, rng.choice(_OTHERS), _side(rng, size)) for _ in range(rng.randint(*_CLUTTER))]
    for _ in range(rng.randint(*_COUNT)):
        category, corners = rng.choice(list(enumerate(SHAPES.values(), 1)))
        shapes.append((category, corners, _side(rng, size)))
    # the larger a thing is, the farther behind, so that few are hidden altogether
    shapes.sort(key=lambda one: -one[2] * rng.uniform(0.6, 1.6))
    owner = np.full(size, -1)
    areas: list[int] = []
    for number, (_, corners, side) in enumerate(shapes):
        (left, top), cover = _cover(rng, corners, side / 2, size)
        rows, columns = slice(top, top + cover.shape[0]), slice(left, left + cover.shape[1])
        colour = unlike(rng, ground)
        part = pixels[rows, columns]
        part += cover[..., None] * (colour + noise.normal(0, 6, part.shape) - part)
        owner[rows, columns][cover > 0.5] = number
        areas.append(int((cover > 0.5).sum()))
    objects: list[tuple[int, tuple[int, ...], int]] = []
    for number, (category, _, _) in enumerate(shapes):
        seen = owner == number
        if not category or seen.sum() < max(1, _SEEN * areas[number]):
            continue
        across, down = np.nonzero(seen.any(0))[0], np.nonzero(seen.any(1))[0]
        box = (
            int(across[0]), int(down[0]),
            int(across[-1] - across[0] + 1), int(down[-1] - down[0] + 1),
        )  # fmt: skip
        if min(box[2:]) >= _LEAST:
            objects.append((category, box, int(seen.sum())))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), objects


def _side(rng: Random, size: tuple[int, int]) -> float:
    least, most = (math.log(share * min(size)) for share in SIDES)
    return math.exp(rng.uniform(least, most))


def _slopes(rng: Random, size: tuple[int, int]) -> Any:
    """Light that changes across the ground, as a wave in some direction."""
    height, width = size
    rows, columns = np.mgrid[0:height, 0:width] / max(size)
    angle, waves = rng.uniform(0, math.pi), rng.uniform(0.5, 4)
    along = columns * math.cos(angle) + rows * math.sin(angle)
    light = np.sin(2 * math.pi * (waves * along + rng.random()))
    return rng.uniform(10, 35) * light[..., None]


def _cover(
    rng: Random, corners: list[tuple[float, float]], radius: float, size: tuple[int, int]
) -> tuple[tuple[int, int], np.ndarray]:
    """Where a turned shape begins, (left, top), and how much of each pixel from there it covers."""
    from PIL import Image, ImageDraw

    reach = min(1.2 * radius, min(size) / 2)  # corners of a square are beyond its radius
    x, y = rng.uniform(reach, size[1] - reach), rng.uniform(reach, size[0] - reach)
    left, top = max(0, int(x - 1.5 * radius)), max(0, int(y - 1.5 * radius))
    right = min(size[1], math.ceil(x + 1.5 * radius))
    bottom = min(size[0], math.ceil(y + 1.5 * radius))
    turn = rng.uniform(0, 2 * math.pi)
    sine, cosine = math.sin(turn), math.cos(turn)
    outline = [
        (
            FINER * (x - left + radius * (cosine * across - sine * down)),
            FINER * (y - top + radius * (sine * across + cosine * down)),
        )
        for across, down in corners
    ]
    height, width = bottom - top, right - left
    image = Image.new("L", (FINER * width, FINER * height))
    ImageDraw.Draw(image).polygon(outline, fill=255)
    cells = np.asarray(image, dtype=np.float32) / 255
    covered: np.ndarray = cells.reshape(height, FINER, width, FINER).mean((1, 3))
    return (left, top), covered
