"""Where an export goes: never over the file of another format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.outputs import is_special, move_whole
from maedet_tui.export.source import ExportError
from maedet_tui.files import set_usual_permissions

#: what a file of a format has and no other; the first that is found counts
_SIGNS = (
    ("timm", "generate_default_cfgs("),
    ("timm", "Written by maedet-tui for timm"),
    ("torchvision", "from torchvision.models.detection import"),
    ("mmdet", "Written by maedet-tui for MMDetection"),
    ("mmdet", "from mmdet.registry import"),
    ("python", "Written by maedet-tui"),
    ("structure-info", "'best_structures'"),
    ("markdown", "| block | "),
    ("yaml", "\nstructure:\n"),
    ("yaml", "- {block: "),
)
_SUFFIXES = {
    ".onnx": "onnx",
    ".safetensors": "state-dict",
    ".pth": "state-dict",
    ".pt": "state-dict",
}


def written_as(path: Path) -> str | None:
    """The format of an export that is there; None for a file that is none of them."""
    if path.suffix in _SUFFIXES:
        return _SUFFIXES[path.suffix]
    with path.open("rb") as file:
        text = file.read(1 << 20).decode("utf-8", "replace")
    return next((format_ for format_, sign in _SIGNS if sign in f"\n{text}"), None)


def refuse_others(format_: str, places: Sequence[Path]) -> None:
    """Raise ExportError if a file at one of the places is an export in another format."""
    for path in places:
        there = written_as(path) if path.is_file() and path.stat().st_size else None
        if there not in (None, format_):
            raise ExportError(
                f"{path} is there already, as an export in the format {there}, which {format_} "
                "would replace; choose another place"
            )


def put(made: Path, path: Path, format_: str) -> None:
    """Put a finished file and those beside it, or each file of a finished folder, in place.

    Raises ExportError if one would replace a file of another format, before any is put there.
    """
    if made.is_dir():
        moves = {file: path / file.name for file in _files(made)}
    elif is_special(path):  # a device takes what was asked for, and has nothing beside it
        moves = {made: path}
    else:
        moves = {file: path.with_name(file.name) for file in _files(made.parent)}
        moves[made] = path
    refuse_others(format_, list(moves.values()))
    if made.is_dir():
        path.mkdir(exist_ok=True)
    for file, place in moves.items():
        move(file, place, named=file == made)


def move(file: Path, place: Path, *, named: bool) -> None:
    """Put one file in its place, as the user's other files are.

    named: by the user, which those in a folder and beside another are not.
    """
    set_usual_permissions(file)
    move_whole(file, place, named=named)


def _files(folder: Path) -> list[Path]:
    return [file for file in sorted(folder.iterdir()) if file.is_file()]
