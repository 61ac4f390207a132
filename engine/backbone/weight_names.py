"""What weights are called: by us, by the authors' code, and by whatever was built around either.

The authors' CnnNet counts blocks where we count levels and units, so the names in its state
dicts follow from ours:

    stages.2.1.main.0.conv.weight    block_list.3.block_list.1.conv1.conv1.weight
    stages.2.0.shortcut.1.norm.bias  block_list.3.block_list.0.residual_proj.bn1.bias
    stages.0.0.main.0.norm.weight    block_list.0.bn1.weight
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from torch import nn

from engine.backbone.network import Backbone, ConvNorm, ResidualUnit

#: where trainers keep state dicts in a checkpoint: averaged weights (EMA) before the plain ones,
#: but for mmengine, which evaluates what it keeps as `state_dict`
CONTAINERS = (
    "state_dict_ema", "model_ema", "ema_model", "ema", "state_dict", "model", "ema_state_dict",
    "module",
)  # fmt: skip
_COUNTER = ".num_batches_tracked"


class NoNamesError(Exception):
    """The authors' code has no names for a structure, in one sentence."""


class Found(NamedTuple):
    """Weights under our names, and how they were named.

    convention: one of CONVENTIONS. prefix: in front of each name. container: of the checkpoint,
    "" for the whole file.
    """

    state: dict[str, Any]
    convention: str
    prefix: str
    container: str

    def __str__(self) -> str:
        under = f" under {self.prefix!r}" if self.prefix else ""
        out_of = f", out of {self.container!r}" if self.container else ""
        return f"the names of {CONVENTIONS[self.convention].title}{under}{out_of}"


class Convention(NamedTuple):
    """title: whose names they are. of: for a backbone, our names -> theirs."""

    title: str
    of: Callable[[Backbone], dict[str, str]]


def own_names(backbone: Backbone) -> dict[str, str]:
    """Our names as they are."""
    return {name: name for name in backbone.state_dict()}


def features_names(backbone: Backbone) -> dict[str, str]:
    """Our names -> those in timm's `features_only`, which takes the stages out of the backbone."""
    return {name: name.replace("stages.", "stages_", 1) for name in backbone.state_dict()}


def authors_names(backbone: Backbone) -> dict[str, str]:
    """Our names -> those in the authors' CnnNet.

    Raises NoNamesError for a structure with other blocks than Conv and ResBlock.
    """
    parts = dict(_authors_parts(backbone))
    names = {}
    for name in backbone.state_dict():
        part, _, leaf = name.rpartition(".")
        module, _, kind = part.rpartition(".")
        names[name] = f"{parts[module]}.{'conv1' if kind == 'conv' else 'bn1'}.{leaf}"
    return names


def _authors_parts(backbone: Backbone) -> Iterator[tuple[str, str]]:
    """Each ConvNorm as (our name, their name)."""
    block = inner = -1
    for name, unit in backbone.named_modules():
        if not isinstance(unit, ResidualUnit):
            continue
        plain = all(isinstance(part, ConvNorm) for part in unit.main)
        if plain and unit.shortcut is None and len(unit.main) == 1:
            block += 1
            yield f"{name}.main.0", f"block_list.{block}"
            continue
        if not (plain and isinstance(unit.shortcut, nn.Sequential) and len(unit.main) == 3):
            raise NoNamesError("the authors' code has names for Conv and ResBlock alone")
        # a projection opens a block, the identity goes on with it
        block, inner = (block + 1, 0) if len(unit.shortcut) else (block, inner + 1)
        theirs = f"block_list.{block}.block_list.{inner}"
        for number in range(3):
            yield f"{name}.main.{number}", f"{theirs}.conv{number + 1}"
        if len(unit.shortcut):
            yield f"{name}.shortcut.{len(unit.shortcut) - 1}", f"{theirs}.residual_proj"


#: conventions in the order in which they are looked for
CONVENTIONS = {
    "own": Convention("maedet-tui", own_names),
    "authors": Convention("the authors' CnnNet", authors_names),
    "features": Convention("timm's features_only", features_names),
}


def find_weights(checkpoint: Mapping[str, Any], backbone: Backbone) -> Found | None:
    """The backbone's weights in a checkpoint, wherever they are and whatever they are called.

    The state may lack some names, or have others besides; None if no weight of the stem is in it.
    """
    for container, state in _states(checkpoint):
        for key, convention in CONVENTIONS.items():
            try:
                names = convention.of(backbone)
            except NoNamesError:
                continue
            anchor = next(iter(names.values()))
            prefixes = [
                name.removesuffix(anchor)
                for name in state
                if isinstance(name, str) and name.endswith(anchor)
            ]
            prefixes = [prefix for prefix in prefixes if not prefix or prefix.endswith(".")]
            if prefixes:
                prefix = min(prefixes, key=len)
                found = {
                    ours: state[prefix + theirs]
                    for ours, theirs in names.items()
                    if prefix + theirs in state
                }
                return Found(found, key, prefix, container)
    return None


def _states(
    checkpoint: Mapping[str, Any], deep: int = 2
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The checkpoint itself and the state dicts so deep in it, as (where, state dict)."""
    yield "", checkpoint
    for key in CONTAINERS if deep else ():
        inside = checkpoint.get(key)
        if isinstance(inside, Mapping):
            for where, state in _states(inside, deep - 1):
                yield f"{key}.{where}".rstrip("."), state


def is_counter(name: str) -> bool:
    """Whether it counts the batches that a batch norm has seen, which older torch did not."""
    return name.endswith(_COUNTER)
