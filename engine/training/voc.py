"""Pascal VOC's annotations, a file of XML an image, as a document in COCO's format.

http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/devkit_doc.html. Corners count from 1 and
belong to the box, so that (1, 1, W, H) is a whole image of W x H pixels. Objects that are marked as
difficult become crowds, which are neither trained on nor counted against a detector.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from engine.files import Unreadable, read_regular
from engine.messages import Problems, clipped
from engine.training.errors import TrainingError

#: bytes of one file; VOC2012's largest has 25 kB
_MOST_BYTES = 16 << 20
_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


class Converted(NamedTuple):
    """document: in COCO's format. left_out: objects of other classes than those asked for."""

    document: dict[str, Any]
    left_out: int


def listed(path: Path) -> list[str]:
    """Names of images out of one of VOC's lists (ImageSets/Main), the first word of each line.

    Raises TrainingError.
    """
    try:
        text = read_regular(path, _MOST_BYTES).decode("utf-8")
    except Unreadable as error:
        raise TrainingError(f"{path}: {error}") from None
    except UnicodeDecodeError:
        raise TrainingError(f"{path}: is not text in UTF-8, so no list of images") from None
    names = [line.split()[0] for line in text.splitlines() if line.strip()]
    if not names:
        raise TrainingError(f"{path}: lists no image")
    return names


def from_voc(
    annotations: Path,
    images: Path,
    names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
) -> Converted:
    """A folder of VOC's annotations, whose images lie in another, as a document in COCO's format.

    names: of the images that belong to it, without their ending; all by default. classes: in the
    order of their ids; by default those that there are, sorted. Raises TrainingError with the
    first problems, and how many more there are.
    """
    for folder in (annotations, images):
        if not folder.is_dir():
            raise TrainingError(f"{folder}: is no folder")
    paths = (
        sorted(annotations.glob("*.xml"))
        if names is None
        else [annotations / f"{Path(name).name}.xml" for name in names]
    )
    if not paths:
        raise TrainingError(f"{annotations}: has no file that ends in .xml")
    there = {one.name: one.name for one in images.iterdir()}
    for name in sorted(there):  # labels may name another format than that of the images at hand
        if Path(name).suffix.lower() in _SUFFIXES:
            there.setdefault(Path(name).stem, name)
    problems: Problems[str] = Problems()
    records: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    for path in paths:
        try:
            records.append(_read(path, there))
        except ValueError as error:
            problems.add(partial(str, f"{path}: {error}"))
    if problems:
        raise TrainingError(*problems.told, more=problems.more)
    return _document(records, classes)


def _read(path: Path, there: dict[str, str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """An image's record, and its objects with their class as `name`. Raises ValueError."""
    try:
        content = read_regular(path, _MOST_BYTES)
    except Unreadable as error:
        raise ValueError(str(error)) from None
    if b"<!DOCTYPE" in content:  # entities can make gigabytes of a few lines
        raise ValueError("has a document type, as no annotation does; take it out")
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise ValueError(f"is not XML: {error}") from None
    width, height = (_whole(root, f"size/{side}") for side in ("width", "height"))
    named = Path(_text(root, "filename")).name
    file = next(
        (there[one] for one in (named, Path(named).stem, path.stem)
         if one in there and Path(there[one]).suffix.lower() in _SUFFIXES), None,
    )  # fmt: skip
    if file is None:
        raise ValueError(f"{clipped(named, 80)}, its image, is missing, or no JPEG, PNG, BMP, WEBP")
    objects = []
    for number, one in enumerate(root.iter("object"), 1):
        try:
            left, top, right, low = (_number(one, f"bndbox/{corner}") for corner in _CORNERS)
            name, hard = _text(one, "name"), one.findtext("difficult", "0").strip() == "1"
        except ValueError as error:
            raise ValueError(f"object {number}: {error}") from None
        # cut at the borders, beyond which those of many tools reach by a pixel
        left, top = max(left - 1, 0.0), max(top - 1, 0.0)
        right, low = min(right, float(width)), min(low, float(height))
        if right <= left or low <= top:
            raise ValueError(f"object {number}: bndbox has no area within {width}x{height}")
        box = [left, top, right - left, low - top]
        objects.append({"name": name, "bbox": box, "area": box[2] * box[3], "iscrowd": int(hard)})
    return {"file_name": file, "width": width, "height": height}, objects


def _document(
    records: Sequence[tuple[dict[str, Any], list[dict[str, Any]]]], classes: Sequence[str] | None
) -> Converted:
    known = classes or sorted({one["name"] for _, objects in records for one in objects})
    ids = {name: number for number, name in enumerate(known, 1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    left_out = 0
    for number, (image, objects) in enumerate(records, 1):
        images.append({"id": number, **image})
        for one in objects:
            name = one.pop("name")
            if name not in ids:
                left_out += 1
                continue
            annotations.append({
                "id": len(annotations) + 1, "image_id": number, "category_id": ids[name], **one,
            })  # fmt: skip
    categories = [{"id": number, "name": name} for name, number in ids.items()]
    document = {"categories": categories, "images": images, "annotations": annotations}
    return Converted(document, left_out)


def _text(element: ElementTree.Element, name: str) -> str:
    found = element.findtext(name, "").strip()
    if not found:
        raise ValueError(f"{name} is missing")
    return found


def _number(element: ElementTree.Element, name: str) -> float:
    text = _text(element, name)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e6:
        raise ValueError(f"{name} is {clipped(text, 40)!r}, but must be a number of pixels")
    return value


def _whole(element: ElementTree.Element, name: str) -> int:
    value = _number(element, name)
    if value < 1 or value != int(value):
        raise ValueError(f"{name} is {value:g}, but must be a whole number of pixels")
    return int(value)
