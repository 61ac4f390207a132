"""Structures as files for other programs, each loaded back and checked before it is done.

A file is written and checked in a scratch folder beside its place, and moved there only
then: what is at the place is always whole, and has passed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from engine.outputs import is_special
from maedet_tui.export.placing import put
from maedet_tui.export.source import (
    ExportError,
    Source,
    broken,
    missing,
    read_source,
    shadowed,
    source_of,
)
from maedet_tui.export.underway import GivenUp, Underway
from maedet_tui.files import save_error


class Exported(NamedTuple):
    """A finished export. checked: what was found to be right, as phrases."""

    path: Path
    checked: list[str]


class Format(NamedTuple):
    """A format.

    ending: of the file's name. takes_weights: can hold weights of the user's. extra: of
    pyproject.toml, which installs the packages that are needed. packages: their names.
    options: what can be chosen about it. is_module: a file that others import.
    """

    ending: str
    summary: str
    takes_weights: bool = False
    extra: str = ""
    packages: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    is_module: bool = False

    @property
    def lacks(self) -> str | None:
        """What must be installed before it can be written, in a sentence; None if nothing."""
        return missing(self.extra, self.packages)


FORMATS = {
    "yaml": Format(".yaml", "the structure as YAML, as maedet-tui saves it"),
    "structure-info": Format(".txt", "the structure for the authors' released code"),
    "markdown": Format(".md", "structure and costs as tables"),
    "python": Format(
        ".py", "one file that defines the backbone and needs torch alone", is_module=True
    ),
    "mmdet": Format("_mmdet", "a folder for MMDetection 3: with GFLV2, FCOS, RetinaNet", True),
    "torchvision": Format(
        "_torchvision.py",
        "FCOS, RetinaNet and Mask R-CNN of torchvision",
        extra="torchvision",
        packages=("torchvision",),
        is_module=True,
    ),
    "timm": Format(
        "_timm.py",
        "makes timm.create_model(..., features_only=True) know it",
        extra="timm",
        packages=("timm", "torchvision"),
        is_module=True,
    ),
    "onnx": Format(
        ".onnx",
        "C2-C5 as a graph, any batch and image size",
        True,
        extra="onnx",
        packages=("onnx", "onnxscript", "onnxruntime"),
        options=("opset",),
    ),
    "state-dict": Format(
        ".safetensors",
        "weights and batch-norm statistics",
        True,
        extra="export",
        packages=("safetensors",),
        options=("names",),
    ),
}


def export(
    source: Source,
    format_: str,
    output: Path | None = None,
    weights: Path | None = None,
    option: str | None = "--output",
    underway: Underway | None = None,
    **options: Any,
) -> Exported:
    """Write a structure in one of FORMATS, and check it.

    output: a file, or a folder to put it in; by default, a name in the current folder.
    weights: a state dict for formats that hold weights, in place of initial ones.
    option: names another place on the command line, for errors; None where there is none.
    underway: by which the export can be given up from another thread.
    options: `opset` of onnx; `names` of state-dict, one of `engine.backbone.weight_names`.
    What lies at the place is replaced, but for an export in another format.
    Raises ExportError, SaveError; GivenUp.
    """
    underway = underway or Underway(output or Path())
    # with them comes torch, which a list of the formats does not need
    from engine.backbone import MismatchError
    from engine.backbone.checkpoint import CheckpointError

    chosen = FORMATS[format_]
    options = {name: value for name, value in options.items() if value is not None}
    for name in options:
        if name not in chosen.options:
            raise ExportError(f"{format_} has no option {name}")
    path = _place(source, chosen, output)
    # of the formats of a state dict, torch's own needs no package
    packages = () if path.suffix in (".pth", ".pt") else chosen.packages
    if trouble := missing(chosen.extra, packages) or broken(packages):
        raise ExportError(trouble)
    if weights and not chosen.takes_weights:
        takers = ", ".join(name for name, one in FORMATS.items() if one.takes_weights)
        raise ExportError(f"{format_} holds no weights; only {takers} do")
    if chosen.is_module and (hidden := shadowed(path.stem)):
        raise ExportError(f"{path.name} would hide {hidden} from those who import it; rename it")
    write = _writer(format_)
    if weights:
        options["weights"] = weights
    try:
        # beside a device, nobody but the system makes files
        beside = None if is_special(path) else path.parent
        scratch = Path(tempfile.mkdtemp(dir=beside, prefix=".export-"))
    except OSError as error:
        raise save_error(path, error, option) from None
    try:
        underway.works_in(scratch)
        # under its final name, which generated code may need to be imported
        made = scratch / (path.name if path.suffix else source.name)
        checked = write(source, made, **options)
        with underway.finishing():
            put(made, path, format_)
    except OSError as error:
        raise save_error(path, error, option) from None
    except (MismatchError, CheckpointError) as error:
        raise ExportError(str(error)) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Exported(path, checked)


def _place(source: Source, chosen: Format, output: Path | None) -> Path:
    name = Path(source.name + chosen.ending)
    if output is None:
        return name
    is_folder = not name.suffix
    return output / name if output.is_dir() and not is_folder else output


def _writer(format_: str) -> Callable[..., list[str]]:
    """The function that writes a format; what it needs is imported now."""
    if format_ in ("yaml", "structure-info", "markdown"):
        from maedet_tui.export import text

        writer: Callable[..., list[str]] = getattr(text, f"write_{format_.replace('-', '_')}")
        return writer
    if format_ == "python":
        from maedet_tui.export.code import write_python

        return write_python
    if format_ == "mmdet":
        from maedet_tui.export.mmdet import write_mmdet

        return write_mmdet
    if format_ in ("timm", "torchvision"):
        from maedet_tui.export import frameworks

        if format_ == "timm":
            return frameworks.write_timm
        return frameworks.write_torchvision
    from maedet_tui.export import weights

    return weights.write_onnx if format_ == "onnx" else weights.write_state_dict


__all__ = [
    "FORMATS",
    "ExportError",
    "Exported",
    "Format",
    "GivenUp",
    "Source",
    "Underway",
    "export",
    "read_source",
    "source_of",
]
