"""A backbone as an ONNX graph that takes any batch and any image size.

Needs onnx and onnxscript, which are imported where a graph is written.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn
from torch.export import Dim

from engine.backbone.network import AvgPool2d, Backbone
from engine.structure import LEVELS

#: batch, height and width of the images on which a graph is compared with its module; it is
#: traced on the first, so the others show that its batch and size are free
IMAGES = ((2, 64, 96), (1, 32, 32), (3, 97, 65))


def trace(module: Backbone, path: Path, opset: int | None = None) -> None:
    """Write the graph of a module in evaluation mode: "images" in, the levels' names out.

    opset: its version of ONNX's operators; by default, the exporter's own.
    """
    with _quiet():
        _write(module, path, opset)
        _name_sizes(path)


def _write(module: Backbone, path: Path, opset: int | None) -> None:
    # tracing needs sizes of which it is known how they round when halved; the graph that
    # comes out takes others as well, which a comparison has to include
    free = {0: Dim("batch", min=1), 2: 32 * Dim("rows", min=1), 3: 32 * Dim("columns", min=1)}
    torch.onnx.export(
        _pooling_plainly(module),
        (torch.randn(IMAGES[0][0], 3, *IMAGES[0][1:]),),
        path,
        dynamo=True,
        verbose=False,
        external_data=False,
        opset_version=opset,
        dynamic_shapes={"x": free},
        input_names=["images"],
        output_names=[LEVELS[index] for index in module.out_indices],
    )


def _pooling_plainly(module: Backbone) -> nn.Module:
    """A copy whose average poolings round odd sides up by themselves, as ONNX's can."""
    plain = copy.deepcopy(module)
    for parent in list(plain.modules()):
        for name, part in parent.named_children():
            if isinstance(part, AvgPool2d):
                pool = nn.AvgPool2d(
                    part.kernel_size, part.stride, ceil_mode=True, count_include_pad=False
                )
                setattr(parent, name, pool)
    return plain


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


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
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
