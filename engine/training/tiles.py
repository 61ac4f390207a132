"""Large images cut into small ones, where scaling would leave nothing, as of what is seen from
the air."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.training.annotations import SMALLEST, Annotations, Picture
from engine.training.errors import TrainingError
from engine.training.pictures import decode

#: the share of an object's box that a tile must show for it to be one there; less is a crowd, which
#: is neither trained on nor counted against a detector
SEEN = 0.5


def cut(
    annotations: Annotations,
    size: tuple[int, int],
    folder: Path,
    told: Callable[[int, int], object] = lambda *_: None,
) -> dict[str, Any]:
    """Write the tiles of all images into a folder as PNG files; returns them in COCO's format.

    size: (height, width) of a tile. Tiles lie side by side from the left and the top; what is left
    on the right and below is not used. told: of so many images so many are cut. Raises
    TrainingError, OSError.
    """
    if min(size) < SMALLEST:
        raise TrainingError(f"tiles of {size[1]}x{size[0]} are below {SMALLEST}, the stride of C5")
    images: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    for number, picture in enumerate(annotations.pictures, 1):
        _cut(picture, size, folder, images, objects)
        told(number, len(annotations.pictures))
    if not images:
        raise TrainingError(f"{annotations.path}: no image is as large as {size[1]}x{size[0]}")
    categories = [{"id": key, "name": name} for key, name in annotations.categories]
    return {"categories": categories, "images": images, "annotations": objects}


def _cut(
    picture: Picture,
    size: tuple[int, int],
    folder: Path,
    images: list[dict[str, Any]],
    objects: list[dict[str, Any]],
) -> None:
    height, width = size
    whole = decode(picture)
    for top in range(0, picture.height - height + 1, height):
        for left in range(0, picture.width - width + 1, width):
            name = f"{picture.file.stem}-{left:05}-{top:05}.png"
            if (folder / name).exists():
                raise TrainingError(f"{folder / name}: is there already; name another folder")
            whole.crop((left, top, left + width, top + height)).save(folder / name)
            images.append(
                {"id": len(images) + 1, "file_name": name, "width": width, "height": height}
            )
            for one in picture.objects:
                x, y, across, down = one.box
                begin, above = max(x, left), max(y, top)
                end, below = min(x + across, left + width), min(y + down, top + height)
                if end <= begin or below <= above:
                    continue
                seen = (end - begin) * (below - above) / (across * down)
                objects.append({
                    "id": len(objects) + 1,
                    "image_id": len(images),
                    "category_id": one.category,
                    "bbox": [begin - left, above - top, end - begin, below - above],
                    "area": one.area * seen,
                    "iscrowd": int(one.crowd or seen < SEEN),
                })  # fmt: skip
