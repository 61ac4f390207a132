"""Formats that hold weights: ONNX graphs and state dicts.

Without weights of the user's own, both hold initial ones, drawn from seed 0.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.backbone import Backbone, build, promised_shapes, verify
from engine.backbone.checkpoint import load_weights
from engine.formats import structure_yaml
from engine.structure import LEVELS
from maedet_tui.export.code import ALL_LEVELS, measured_phrases
from maedet_tui.export.source import ExportError, Source

#: largest difference of a feature from torch's, as a share of the map's largest value
TOLERANCE = 1e-4
#: batch, height and width of the images on which an ONNX graph is compared; the graph is
#: traced on the first, so the others show that its batch and size are free
_IMAGES = ((2, 64, 96), (1, 32, 32), (3, 97, 65))


def with_weights(source: Source, weights: Path | None, **options: Any) -> Backbone:
    """The backbone in evaluation mode, with weights from a file or initial ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = build(source.structure, **options)
    if weights:
        load_weights(module, weights)
    return module.eval()


def write_state_dict(source: Source, path: Path, weights: Path | None = None) -> list[str]:
    """Weights and batch-norm statistics as safetensors, with the structure beside them."""
    from safetensors.torch import load_file, save_file

    module = with_weights(source, weights, out_indices=ALL_LEVELS)
    measured = verify(module, source.structure)
    state = {name: value.contiguous() for name, value in module.state_dict().items()}
    metadata = {"format": "pt", "structure": structure_yaml.dumps(source.structure)}
    save_file(state, path, metadata)
    again = build(source.structure, out_indices=ALL_LEVELS).eval()
    again.load_state_dict(load_file(path))
    image = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        same = all(torch.equal(a, b) for a, b in zip(module(image), again(image), strict=True))
    if not same:
        raise ExportError("the weights read back give other features")
    return [*measured_phrases(measured), "a module with the weights read back gives equal features"]


def write_onnx(source: Source, path: Path, weights: Path | None = None) -> list[str]:
    """C2-C5 as an ONNX graph with any batch and any image size from 32x32."""
    import onnx

    module = with_weights(source, weights)
    measured = verify(with_weights(source, None, out_indices=ALL_LEVELS), source.structure)
    with _quiet():
        _trace(module, path)
        _name_sizes(path)
    onnx.checker.check_model(path, full_check=True)
    worst = _largest_difference(source, module, path)
    if not worst <= TOLERANCE:
        raise ExportError(
            f"onnxruntime's features differ from torch's by {worst:.1g} of their size"
        )
    return [
        *measured_phrases(measured),
        f"onnxruntime agrees with torch to {worst:.1g} of each map's largest value, on batches of "
        f"{', '.join(f'{batch} {width}x{height}' for batch, height, width in _IMAGES)}",
    ]


def _trace(module: nn.Module, path: Path) -> None:
    from torch.export import Dim

    # tracing needs sizes of which it is known how they round when halved; the graph that
    # comes out takes others as well, which the comparison afterwards includes
    free = {0: Dim("batch", min=1), 2: 32 * Dim("rows", min=1), 3: 32 * Dim("columns", min=1)}
    torch.onnx.export(
        module,
        (torch.randn(_IMAGES[0][0], 3, *_IMAGES[0][1:]),),
        path,
        dynamo=True,
        verbose=False,
        external_data=False,
        dynamic_shapes={"x": free},
        input_names=["images"],
        output_names=list(LEVELS[1:]),
    )


def _name_sizes(path: Path) -> None:
    """Free sizes under names that say what they are, in place of the tracer's expressions."""
    import onnx

    model = onnx.load(path)
    del model.graph.value_info[:]
    for value in (*model.graph.input, *model.graph.output):
        sizes = value.type.tensor_type.shape.dim
        suffix = "" if value.name == "images" else f"_{value.name}"
        for axis, name in ((0, "batch"), (2, f"height{suffix}"), (3, f"width{suffix}")):
            sizes[axis].dim_param = name
    onnx.save(model, path)


def _largest_difference(source: Source, module: nn.Module, path: Path) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for batch, height, width in _IMAGES:
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


@contextlib.contextmanager
def _quiet() -> Any:
    """Without the exporter's remarks on its own workings; what fails is still raised."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)
