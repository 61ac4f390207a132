"""Weights out of files, with a sentence for each way in which a file can be wrong."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch

from engine.backbone.network import Backbone
from engine.backbone.weight_names import Found, find_weights, is_counter


class CheckpointError(Exception):
    """A file of weights that cannot be used, in one sentence."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What a file of torch or safetensors holds, on the CPU; nothing in it is executed.

    Raises CheckpointError.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load

            weights: dict[str, Any] = load(content)
            return weights
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except ModuleNotFoundError:
        raise CheckpointError(
            f"{path}: reading it needs safetensors; pip install 'maedet-tui[export]'"
        ) from None
    except Exception:  # what is no checkpoint fails in any way while it is taken apart
        raise CheckpointError(f"{path}: is damaged, or not a checkpoint of weights") from None
    if not isinstance(found, dict):
        raise CheckpointError(f"{path}: holds a {type(found).__name__}, not a dict of weights")
    return found


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
        if not isinstance(value, torch.Tensor) or value.shape != own[name].shape:
            shape = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
            raise CheckpointError(
                f"{path}: {name} has the shape {shape}, but the structure's is "
                f"{tuple(own[name].shape)}"
            )
    module.load_state_dict(own | state)
    return found
