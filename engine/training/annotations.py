"""Annotation files in COCO's format, read so that no record is trusted.

https://cocodataset.org/#format-data: images, annotations and categories, lists of records
that refer to each other by id. Each problem names the file, the record and what is wrong.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeGuard

from engine.files import Unreadable, read_regular
from engine.messages import Problems, clipped
from engine.training.errors import TrainingError

#: smallest side of an image, the stride of C5
SMALLEST = 32
#: largest file (COCO's largest has 450 MB), and sides of an image
MOST_BYTES, LARGEST = 2 << 30, 30_000
#: characters of a file's name, as a message quotes it
_NAME = 80
#: pixels that a box may reach beyond its image, as rounded ones in COCO itself do
TOLERANCE = 1.0

Box = tuple[float, float, float, float]


class Annotation(NamedTuple):
    """One object. box: (x, y, width, height). area: of its outline, at most that of the box."""

    id: int
    category: int
    box: Box
    area: float
    crowd: bool


class Picture(NamedTuple):
    """One image: its record, and the objects in it."""

    id: int
    file: Path
    width: int
    height: int
    objects: tuple[Annotation, ...]


class Annotations(NamedTuple):
    """A checked annotation file.

    categories: (id, name) in the order of their ids, which is that of the labels 0, 1, ….
    digest: of the file's content. left_out: ids of annotations whose box has no area.
    """

    path: Path
    pictures: tuple[Picture, ...]
    categories: tuple[tuple[int, str], ...]
    digest: str
    left_out: tuple[int, ...]


def read_annotations(path: Path, images: Path) -> Annotations:
    """Read and check an annotation file, whose images lie in a folder.

    Raises TrainingError with the first problems, and how many more there are.
    """
    content = _read(path)
    document = _parse(path, content)
    if not images.is_dir():
        raise TrainingError(f"{images}: is no folder; name the one that has the images")
    reader = _Reader(path, images)
    found = reader.all(document)
    if reader.problems:
        raise TrainingError(*reader.problems.told, more=reader.problems.more)
    pictures, categories = found
    if not any(picture.objects for picture in pictures):
        raise TrainingError(f"{path}: has no annotation with a box, so nothing to learn from")
    digest = hashlib.sha256(content).hexdigest()
    return Annotations(path, pictures, categories, digest, tuple(reader.left_out))


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, MOST_BYTES)
    except Unreadable as error:
        other = "; name an annotation file" if error.folder or error.special else ""
        raise TrainingError(f"{path}: {error}{other}") from None


def _parse(path: Path, content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except UnicodeDecodeError:
        raise TrainingError(f"{path}: is not text in UTF-8, so not JSON") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise TrainingError(f"{path}: {where}: is not JSON: {error.msg}") from None
    except (ValueError, RecursionError):  # numbers of thousands of digits, lists in lists in …
        raise TrainingError(f"{path}: is no JSON that an annotation file could be") from None
    if not isinstance(document, dict):
        raise TrainingError(f"{path}: holds no object with images, annotations and categories")
    for key in ("images", "annotations", "categories"):
        if not isinstance(document.get(key), list):
            raise TrainingError(f"{path}: {key} is missing, or no list; is it COCO's format?")
    return document


class _Problem(Exception):
    """What is wrong with a record."""


class _Reader:
    """Checks records; notes problems and goes on with the next record."""

    def __init__(self, path: Path, images: Path):
        self.path, self.images = path, images
        self.problems: Problems[str] = Problems()
        self.left_out: list[int] = []
        self._unsound: set[tuple[str, int]] = set()
        self._pictures: dict[int, Picture] = {}
        self._objects: dict[int, list[Annotation]] = {}
        self._categories: dict[int, str] = {}

    def all(self, document: dict[str, Any]) -> tuple[tuple[Picture, ...], Any]:
        """Pictures with their objects, and categories by id."""
        for key, read in (
            ("categories", self._category),
            ("images", self._picture),
            ("annotations", self._annotation),
        ):
            self._records(key, document[key], read)
        return (
            tuple(
                one._replace(objects=tuple(self._objects.get(key, ())))
                for key, one in self._pictures.items()
            ),
            tuple(sorted(self._categories.items())),
        )

    def _records(
        self, key: str, records: list[Any], read: Callable[[dict[str, Any]], None]
    ) -> None:
        seen: set[int] = set()
        for number, record in enumerate(records, 1):
            where = f"{key} record {number}"
            try:
                if not isinstance(record, dict) or not _is_int(record.get("id")):
                    raise _Problem("is no object with a whole number as id")
                where += f" (id {record['id']})"
                if record["id"] in seen:
                    raise _Problem("has the id of a record before it")
                seen.add(record["id"])
                self._unsound.add((key, record["id"]))
                read(record)
                self._unsound.remove((key, record["id"]))
            except _Problem as problem:
                said = f"{self.path}: {where}: {problem}"
                self.problems.add(partial(str, said))

    def _category(self, record: dict[str, Any]) -> None:
        name = record.get("name")
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 200:
            raise _Problem("name is missing, or no short text")
        self._categories[record["id"]] = name

    def _picture(self, record: dict[str, Any]) -> None:
        name, width, height = (record.get(key) for key in ("file_name", "width", "height"))
        if not isinstance(name, str) or not name.isprintable() or not name:
            raise _Problem("file_name is missing, or no text")
        told = clipped(name, _NAME)
        if not (_is_int(width) and _is_int(height)):
            raise _Problem(f"width and height of {told} must be whole numbers")
        if min(width, height) < SMALLEST:
            raise _Problem(
                f"{told} is {width}x{height}, but sides must have {SMALLEST} pixels, "
                "the stride of C5, or more"
            )
        if max(width, height) > LARGEST:
            raise _Problem(f"{told} is {width}x{height}; sides over {LARGEST} are not read")
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts:
            raise _Problem(f"file_name {told} leads out of {self.images}")
        file = self.images / relative
        if not os.path.isfile(file):
            raise _Problem(f"{self.images / told} is missing")
        self._pictures[record["id"]] = Picture(record["id"], file, width, height, ())

    def _annotation(self, record: dict[str, Any]) -> None:
        image, category = record.get("image_id"), record.get("category_id")
        if not _is_int(image) or not _is_int(category):
            raise _Problem("image_id and category_id must be whole numbers")
        if ("images", image) in self._unsound or ("categories", category) in self._unsound:
            return  # which has been told
        if image not in self._pictures:
            raise _Problem(f"image_id is {image}, which no image has")
        if category not in self._categories:
            raise _Problem(f"category_id is {category}, which no category has")
        if record.get("iscrowd", 0) not in (0, 1):
            raise _Problem(f"iscrowd is {_short(record['iscrowd'])}, but must be 0 or 1")
        box = self._box(record, self._pictures[image])
        width, height = box[2:]
        area = record.get("area", width * height)
        if not _is_number(area) or area < 0:
            raise _Problem(f"area is {_short(area)}, but must be a number from 0")
        if width <= 0 or height <= 0:  # COCO's train2017 has such ones
            self.left_out.append(record["id"])
            return
        crowd = bool(record.get("iscrowd", 0))
        one = Annotation(record["id"], category, box, float(area), crowd)
        self._objects.setdefault(image, []).append(one)

    def _box(self, record: dict[str, Any], picture: Picture) -> Box:
        """The box, cut off at the borders of its image."""
        box = record.get("bbox")
        if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
            raise _Problem(f"bbox is {_short(box)}, but must be four numbers: x, y, width, height")
        x, y, width, height = map(float, box)
        if width < 0 or height < 0:
            raise _Problem(f"bbox is {_short(box)}; width and height must not be negative")
        outside = max(-x, -y, x + width - picture.width, y + height - picture.height)
        if outside > TOLERANCE:
            size = f"{picture.width}x{picture.height}"
            raise _Problem(f"bbox is {_short(box)}, which is outside its image of {size}")
        left, top = max(x, 0.0), max(y, 0.0)
        right, low = min(x + width, picture.width), min(y + height, picture.height)
        return (left, top, right - left, low - top)


def _is_int(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53


def _is_number(value: Any) -> TypeGuard[float]:
    return _is_int(value) or (isinstance(value, float) and math.isfinite(value))


def _short(value: Any) -> str:
    """A value as JSON has it, if it is a number, a word or a few of them."""
    parts = value if isinstance(value, list) else [value]
    if any(isinstance(part, (list, dict)) for part in parts):
        return "a list of lists" if isinstance(value, list) else "an object"
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
