"""`maedet-tui export`: a structure as a file for another program."""

from __future__ import annotations

from pathlib import Path

import click

from engine.costs import total_cost
from maedet_tui.cli import signals
from maedet_tui.cli.failure import Failure
from maedet_tui.cli.output import failures, family_option, print_json
from maedet_tui.export import FORMATS, ExportError, read_source
from maedet_tui.export import export as write
from maedet_tui.terminal import echo


@click.command()
@click.argument("source")
@click.option(
    "--format", "format_", type=click.Choice(list(FORMATS)), required=True, help="What to write."
)
@family_option
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="File to write, or the folder to write it into (for mmdet, the folder itself).  "
    "[default: a name after SOURCE, in the current folder]",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="State dict or checkpoint (.pth, .safetensors) for mmdet, onnx and state-dict, with our "
    "names or those of the authors' code.  [default: initial weights]",
)
@click.option(
    "--opset", type=click.IntRange(18, 26), help="Of onnx.  [default: the exporter's own]"
)
@click.option(
    "--names",
    type=click.Choice(["own", "detector", "authors"]),
    help="Of the weights of a state-dict: as they are, with `backbone.` in front, or those of the "
    "authors' CnnNet.  [default: own]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def export(
    source: str,
    format_: str,
    family: str | None,
    output: Path | None,
    weights: Path | None,
    opset: int | None,
    names: str | None,
    as_json: bool,
) -> None:
    """Write SOURCE as a file for another program, and check it by loading it back.

    SOURCE is a run's folder, a saved YAML file, a text file in the authors'
    structure_info format, or a name from `maedet-tui zoo`.

    \b
    yaml, structure-info, markdown  the structure alone
    python       one file that defines the backbone and needs torch alone
    mmdet        a folder: backbone, and GFLV2, FCOS, RetinaNet with the paper's settings
    torchvision  factories of FCOS, RetinaNet, Mask R-CNN
    timm         for timm.create_model(..., features_only=True)
    onnx         C2-C5 with any batch and image size, compared in onnxruntime
    state-dict   weights as safetensors, or as a .pth file
    """
    with failures(), signals.ending():
        found = read_source(source, family)
        try:
            path, checked = write(found, format_, output, weights, opset=opset, names=names)
        except ExportError as error:
            raise Failure(f"{format_} export of {found.title}: {error}") from None
    if as_json:
        cost = total_cost(found.structure)
        print_json(
            {
                "name": found.name,
                "title": found.title,
                "format": format_,
                "path": str(path),
                **cost._asdict(),
                "checked": checked,
            }
        )
        return
    echo(f"Saved: {path}")
    for phrase in checked:
        echo(f"  checked: {phrase}")
