"""Weights out of files, with a sentence for each way in which a file can be wrong."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch
from torch import nn


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


def load_weights(module: nn.Module, path: Path) -> None:
    """Load a backbone's weights: a state dict, or a checkpoint that has one.

    A detector's names may begin with "backbone."; levels that are not built are left out.
    Raises CheckpointError where a weight is missing or has another shape.
    """
    state = read_checkpoint(path)
    for key in ("state_dict", "model"):
        if isinstance(state.get(key), dict):
            state = state[key]
    if any(name.startswith("backbone.") for name in state):
        state = {
            name.removeprefix("backbone."): value
            for name, value in state.items()
            if name.startswith("backbone.")
        }
    own = module.state_dict()
    missing = [name for name in own if name not in state]
    if missing:
        raise CheckpointError(
            f"{path}: has no weights for {missing[0]}"
            + (f" and {len(missing) - 1} others" if len(missing) > 1 else "")
            + "; it belongs to another structure"
        )
    for name, value in own.items():
        if state[name].shape != value.shape:
            raise CheckpointError(
                f"{path}: {name} has the shape {tuple(state[name].shape)}, but the structure's is "
                f"{tuple(value.shape)}"
            )
    module.load_state_dict({name: state[name] for name in own})
