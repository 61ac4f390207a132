"""A training as a file: written whole or not at all, read without running what is in it."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import Any

import torch

from engine.backbone.checkpoint import CheckpointError, read_checkpoint
from engine.formats import structure_yaml
from engine.outputs import write_whole
from engine.structure import Structure
from engine.training.errors import TrainingError
from engine.training.settings import Settings

#: what values of the wrong kind can raise
_DAMAGE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
FORMAT, VERSION = "maedet-tui training", 1
_KEYS = {
    "step": int,
    "settings": dict,
    "structure": str,
    "categories": list,
    "data": str,
    "model": dict,
    "optimizer": dict,
    "scaler": dict,
}


def write(path: Path, values: dict[str, Any]) -> None:
    """Write a checkpoint in the place of an older one. Raises OSError.

    It goes to the disk beside its place first, so that a power cut leaves the old one.
    """
    content = io.BytesIO()
    torch.save({"format": FORMAT, "version": VERSION, **values}, content)
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    write_whole(path, content.getbuffer(), mode=mode)


def read(path: Path) -> dict[str, Any]:
    """A checkpoint, its `settings` as Settings and its `structure` as Structure.

    Raises TrainingError for a file that is damaged or something else.
    """
    try:
        values = read_checkpoint(path)
    except CheckpointError as error:
        raise TrainingError(str(error)) from None
    if values.get("format") != FORMAT:
        raise TrainingError(f"{path}: holds weights, but no training to go on with; see --weights")
    if values.get("version") != VERSION:
        raise TrainingError(f"{path}: was written by another version of this program")
    for key, kind in _KEYS.items():
        if not isinstance(values.get(key), kind):
            raise TrainingError(f"{path}: is damaged: {key} is missing, or no {kind.__name__}")
    try:
        values["settings"] = Settings.from_dict(values["settings"])
        values["structure"] = structure_yaml.loads(values["structure"])
    except (*_DAMAGE, TrainingError) as error:
        raise TrainingError(f"{path}: is damaged: {error}") from None
    return values


def same(path: Path, values: dict[str, Any], structure: Structure, data: str) -> None:
    """Raise TrainingError if a checkpoint is of another structure or other data."""
    if values["structure"] != structure:
        raise TrainingError(f"{path}: was trained with another structure than SOURCE")
    if values["data"] != data:
        raise TrainingError(
            f"{path}: was trained on another annotation file, or it has changed since; name the "
            "same one, or start anew in another --output"
        )
