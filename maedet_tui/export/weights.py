"""Formats that hold weights: ONNX graphs and state dicts.

Without weights of the user's own, both hold initial ones, drawn from seed 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.backbone import Backbone, build, promised_shapes, verify
from engine.backbone.checkpoint import load_weights
from engine.backbone.onnx_graph import IMAGES, trace
from engine.backbone.weight_names import NoNamesError, authors_names
from engine.costs import total_cost
from engine.formats import structure_yaml
from maedet_tui.export.code import ALL_LEVELS, measured_phrases
from maedet_tui.export.source import ExportError, Source

#: largest difference of a feature from torch's, as a share of the map's largest value
TOLERANCE = 1e-4
#: how the weights of a state dict can be named
STATE_DICT_NAMES = ("own", "detector", "authors")


def with_weights(
    source: Source, weights: Path | None, **options: Any
) -> tuple[Backbone, list[str]]:
    """The backbone in evaluation mode, with weights from a file or initial ones.

    Returns it with a phrase that says how the weights were named in the file. Raises
    CheckpointError.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = build(source.structure, **options)
    if weights is None:
        return module.eval(), []
    return module.eval(), [f"weights of {weights.name}, in {load_weights(module, weights)}"]


def named(module: Backbone, names: str) -> dict[str, torch.Tensor]:
    """The state dict under other names, one of STATE_DICT_NAMES. Raises ExportError."""
    state = {name: value.contiguous() for name, value in module.state_dict().items()}
    if names == "detector":
        return {f"backbone.{name}": value for name, value in state.items()}
    if names == "authors":
        try:
            theirs = authors_names(module)
        except NoNamesError as error:
            raise ExportError(str(error)) from None
        return {theirs[name]: value for name, value in state.items()}
    return state


def write_state_dict(
    source: Source, path: Path, weights: Path | None = None, names: str = "own"
) -> list[str]:
    """Weights and batch-norm statistics, as safetensors with the structure beside them, or as a
    file of torch where its name ends with .pth or .pt.

    names: "own"; "detector", which puts `backbone.` in front of them; "authors", those of the
    authors' CnnNet.
    """
    module, phrases = with_weights(source, weights, out_indices=ALL_LEVELS)
    measured = verify(module, source.structure)
    state = named(module, names)
    if path.suffix in (".pth", ".pt"):
        torch.save(state, path)
    else:
        from safetensors.torch import save_file

        save_file(
            state, path, {"format": "pt", "structure": structure_yaml.dumps(source.structure)}
        )
    again = build(source.structure, out_indices=ALL_LEVELS).eval()
    found = load_weights(again, path)
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        same = all(torch.equal(a, b) for a, b in zip(module(image), again(image), strict=True))
    written = again.state_dict()
    if not same or any(not torch.equal(v, written[k]) for k, v in module.state_dict().items()):
        raise ExportError("the weights read back give other features")
    back = f"a module with the weights read back gives equal features, by {found}"
    return [*measured_phrases(measured), *phrases, back]


def write_onnx(
    source: Source, path: Path, weights: Path | None = None, opset: int | None = None
) -> list[str]:
    """C2-C5 as an ONNX graph with any batch and any image size from 32x32.

    opset: its version of ONNX's operators, from 18; by default, the exporter's own.
    """
    import onnx

    # no path is switched off in a graph that nobody trains from, so that all can be compared
    module, phrases = with_weights(source, weights, zero_init_last=False)
    whole, _ = with_weights(source, None, out_indices=ALL_LEVELS)
    measured = verify(whole, source.structure)
    trace(module, path, opset)
    described = onnx.load(path)
    _describe(described, source)
    onnx.save(described, path)
    onnx.checker.check_model(path, full_check=True)
    (version,) = [one.version for one in described.opset_import if one.domain == ""]
    if opset not in (None, version):
        raise ExportError(f"the exporter writes opset {version} in place of {opset}")
    worst = _largest_difference(source, module, path)
    if not worst <= TOLERANCE:
        raise ExportError(
            f"onnxruntime's features differ from torch's by {worst:.1g} of their size"
        )
    return [
        *measured_phrases(measured),
        *phrases,
        f"onnxruntime agrees with torch to {worst:.1g} of each map's largest value, on batches of "
        f"{', '.join(f'{batch} {width}x{height}' for batch, height, width in IMAGES)}",
        f"opset {version}, with structure, costs and this program's version as metadata",
    ]


def _describe(model: Any, source: Source) -> None:
    """Say in the graph's metadata what it is."""
    from importlib.metadata import version

    cost = total_cost(source.structure)
    model.producer_name, model.producer_version = "maedet-tui", version("maedet-tui")
    model.doc_string = f"{source.title}: {source.summary}"
    for key, value in {
        "title": source.title,
        "structure": structure_yaml.dumps(source.structure),
        "params": str(cost.params),
        "flops_at_1280x800": str(cost.flops),
        "layers": str(cost.layers),
    }.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value


def _largest_difference(source: Source, module: nn.Module, path: Path) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for batch, height, width in IMAGES:
        images = torch.randn(batch, 3, height, width)
        with torch.no_grad():
            expected = module(images)
        found = session.run(None, {"images": images.numpy()})
        shapes = promised_shapes(source.structure, (height, width), (1, 2, 3, 4))
        for ours, theirs, shape in zip(expected, found, shapes, strict=True):
            if theirs.shape != (batch, *shape[1:]):
                raise ExportError(f"onnxruntime's features have the shape {theirs.shape}")
            difference = (ours - torch.from_numpy(theirs)).abs().max() / ours.abs().max()
            worst = max(worst, difference.item())
    return worst
