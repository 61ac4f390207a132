"""A synthetic detection set: shapes of several kinds and sizes on a noisy ground.

Its labels are exact, it is the same for the same seed, and a detector learns it from
nothing in minutes: good for testing the whole path, and for comparing backbones roughly.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import numpy as np

from engine.training.errors import TrainingError, need

#: drawn this many times larger and averaged, so that edges are smooth
FINER = 4
#: a Pillow image, and (category id, (x, y, width, height), area in pixels) of what is on it
Drawn: TypeAlias = "tuple[Any, list[tuple[int, tuple[int, ...], int]]]"
#: sides of the shapes, as shares of the image's shorter side, and in pixels at least, below
#: which a circle is a square; shapes of an image; most that two boxes may overlap
_SIDES, _LEAST, _COUNT, _OVERLAP = (0.1, 0.6), 12, (2, 8), 0.05


def _regular(corners: int, start: float = 0.0) -> list[tuple[float, float]]:
    angles = [start + 2 * math.pi * corner / corners for corner in range(corners)]
    return [(math.cos(angle), math.sin(angle)) for angle in angles]


_ARM = 0.33
_CROSS = [
    (-_ARM, -1.0), (_ARM, -1.0), (_ARM, -_ARM), (1.0, -_ARM), (1.0, _ARM), (_ARM, _ARM),
    (_ARM, 1.0), (-_ARM, 1.0), (-_ARM, _ARM), (-1.0, _ARM), (-1.0, -_ARM), (-_ARM, -_ARM),
]  # fmt: skip
#: corners of each kind in a circle of about radius 1, in the order of their category ids
SHAPES = {
    "circle": _regular(64),
    "square": _regular(4, math.pi / 4),
    "triangle": _regular(3, -math.pi / 2),
    "cross": _CROSS,
}


def write_shapes(
    folder: Path,
    images: int,
    size: tuple[int, int],
    seed: int,
    validation: int,
    progress: Callable[[int], None] = lambda _: None,
    scene: Callable[[Random, tuple[int, int]], Drawn] | None = None,
) -> None:
    """Write images/, train.json and val.json into a folder, which appears when it is whole.

    images, validation: how many to train on, and to evaluate on. size: (height, width). scene:
    draws each image, `draw` by default. Raises TrainingError if there is such a folder, OSError
    where it cannot be written.
    """
    need("PIL")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TrainingError(f"{folder}: is there already, and not overwritten; name another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".shapes-"))
    try:
        (scratch / "images").mkdir()
        made = 0
        for split, count in (("train", images), ("val", validation)):
            document = _empty(split, seed)
            for number in range(1, count + 1):
                name = f"{split}-{number:06}.png"
                picture, objects = (scene or draw)(Random(f"{split} {seed} {number}"), size)
                picture.save(scratch / "images" / name)
                _record(document, number, name, size, objects)
                made += 1
                progress(made)
            (scratch / f"{split}.json").write_text(json.dumps(document), "utf-8")
        scratch.chmod(0o755)
        os.replace(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def draw(rng: Random, size: tuple[int, int]) -> Drawn:
    """An image of (height, width) with shapes, each measured on its pixels."""
    from PIL import Image

    height, width = size
    noise = np.random.default_rng(rng.getrandbits(64))
    ground = np.array([rng.uniform(40, 215) for _ in range(3)])
    slope = np.linspace(-1, 1, width)[None, :, None] * rng.uniform(-30, 30)
    pixels = np.broadcast_to(ground + slope, (height, width, 3)) + noise.normal(
        0, 12, (height, width, 3)
    )
    objects: list[tuple[int, tuple[int, ...], int]] = []
    for _ in range(rng.randint(*_COUNT)):
        category, corners = rng.choice(list(enumerate(SHAPES.values(), 1)))
        least, most = (share * min(size) for share in _SIDES)
        side = math.exp(rng.uniform(math.log(max(least, _LEAST)), math.log(most)))
        mask = _mask(rng, corners, side / 2, size)
        rows, columns = np.nonzero(mask.max(1) > 0.5)[0], np.nonzero(mask.max(0) > 0.5)[0]
        if not len(rows) or not len(columns):
            continue
        box = (
            int(columns[0]), int(rows[0]),
            int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1),
        )  # fmt: skip
        if min(box[2:]) < 4 or any(_shared(box, other) > _OVERLAP for _, other, _ in objects):
            continue
        colour = unlike(rng, ground)
        pixels = pixels + mask[..., None] * (colour - pixels + noise.normal(0, 6, pixels.shape))
        objects.append((category, box, int((mask > 0.5).sum())))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), objects


def _mask(
    rng: Random, corners: list[tuple[float, float]], radius: float, size: tuple[int, int]
) -> np.ndarray:
    """(height, width) how much of each pixel a turned shape covers, 0 to 1."""
    from PIL import Image, ImageDraw

    height, width = size
    x, y = rng.uniform(radius, width - radius), rng.uniform(radius, height - radius)
    angle = rng.uniform(-0.35, 0.35)
    sine, cosine = math.sin(angle), math.cos(angle)
    outline = [
        (
            FINER * (x + radius * (cosine * across - sine * down)),
            FINER * (y + radius * (sine * across + cosine * down)),
        )
        for across, down in corners
    ]
    image = Image.new("L", (FINER * width, FINER * height))
    ImageDraw.Draw(image).polygon(outline, fill=255)
    cells = np.asarray(image, dtype=np.float32) / 255
    covered: np.ndarray = cells.reshape(height, FINER, width, FINER).mean((1, 3))
    return covered


def unlike(rng: Random, ground: np.ndarray) -> np.ndarray:
    """A colour that is seen on the ground."""
    while True:
        colour = np.array([rng.uniform(0, 255) for _ in range(3)])
        if np.abs(colour - ground).max() > 90:
            return colour


def _shared(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """Overlap of two boxes, as a share of the smaller one."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0, across) * max(0, down) / min(a[2] * a[3], b[2] * b[3])


def _empty(split: str, seed: int) -> dict[str, Any]:
    return {
        "info": {"description": f"shapes, seed {seed}, {split}"},
        "categories": [{"id": number, "name": name} for number, name in enumerate(SHAPES, 1)],
        "images": [],
        "annotations": [],
    }


def _record(
    document: dict[str, Any], number: int, name: str, size: tuple[int, int], objects: list[Any]
) -> None:
    document["images"].append(
        {"id": number, "file_name": name, "height": size[0], "width": size[1]}
    )
    for category, box, area in objects:
        document["annotations"].append(
            {
                "id": len(document["annotations"]) + 1,
                "image_id": number,
                "category_id": category,
                "bbox": list(box),
                "area": area,
                "iscrowd": 0,
            }
        )
