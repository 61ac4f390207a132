"""Weights out of files, with a sentence for each way in which a file can be wrong."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.backbone.network import Backbone
from engine.backbone.weight_names import Found, find_weights, is_counter
from engine.files import Unreadable, open_regular, read_regular
from engine.messages import clipped

#: of a file; a detector of L with its optimizer's state has a quarter of that
MOST_BYTES = 2 << 30
#: characters of a name in a file, as a message quotes it
_NAME = 80


class CheckpointError(Exception):
    """A file of weights that cannot be used, in one sentence."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What a file of torch or safetensors holds, on the CPU; nothing in it is executed.

    Raises CheckpointError.
    """
    safe = path.suffix == ".safetensors"
    content = _content(path, safe)
    try:
        if safe:
            from safetensors.torch import load

            weights: dict[str, Any] = load(content)
            return weights
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except ModuleNotFoundError:
        raise CheckpointError(
            f"{path}: reading it needs safetensors; pip install 'maedet-tui[export]'"
        ) from None
    except Exception:  # what is no checkpoint fails in any way while it is taken apart
        raise _damaged(path) from None
    if not isinstance(found, dict):
        raise CheckpointError(f"{path}: holds a {type(found).__name__}, not a dict of weights")
    return found


def _content(path: Path, safe: bool) -> bytes:
    """The file, if it begins as one of weights and does not grow while it is taken apart."""
    try:
        with open_regular(path, MOST_BYTES) as file:
            start = file.read(9)
        if not (start[8:] == b"{" if safe else start.startswith((b"PK\x03\x04", b"\x80"))):
            raise _damaged(path)
        content = read_regular(path, MOST_BYTES)
    except Unreadable as error:
        raise CheckpointError(f"{path}: {error}") from None
    if start.startswith(b"PK") and not safe:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as records:
                unpacked = sum(record.file_size for record in records.infolist())
        except Exception:  # as above
            raise _damaged(path) from None
        if unpacked > len(content):  # torch compresses nothing
            raise _damaged(path)
    return content


def _damaged(path: Path) -> CheckpointError:
    return CheckpointError(f"{path}: is damaged, or not a checkpoint of weights")


def load_weights(module: Backbone, path: Path) -> Found:
    """Load a backbone's weights out of a file, and say how they were named there.

    The file holds a state dict, or a checkpoint that has one, of the backbone or of what was
    built around it, with our names or those of the authors' code (`engine.backbone.weight_names`);
    levels that are not built are left out. Raises CheckpointError where a weight is missing or
    has another shape.
    """
    found = find_weights(read_checkpoint(path), module)
    state = {} if found is None else found.state
    own = module.state_dict()
    missing = [name for name in own if name not in state and not is_counter(name)]
    if found is None or missing:
        raise CheckpointError(
            f"{path}: has no weights for {missing[0]}"
            + (f" and {len(missing) - 1} others" if len(missing) > 1 else "")
            + (f", in {found}" if found is not None else "")
            + "; it belongs to another structure"
        )
    for name, value in state.items():
        if not _is_plain(value):
            kind = clipped(type(value).__name__, _NAME)
            raise CheckpointError(f"{path}: {name} is a {kind}, not a plain tensor of numbers")
        if value.shape != own[name].shape:
            shape = tuple(value.shape)
            raise CheckpointError(
                f"{path}: {name} has the shape {shape}, but the structure's is "
                f"{tuple(own[name].shape)}"
            )
    module.load_state_dict(own | state)
    return found


def _is_plain(value: Any) -> bool:
    """Whether it is a tensor of real numbers, all of them there."""
    return (
        isinstance(value, Tensor)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_complex()
        and not value.is_quantized
    )
