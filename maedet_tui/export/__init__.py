"""Structures as files for other programs, each loaded back and checked before it is done.

A file is written and checked in a scratch folder beside its place, and moved there only
then: what is at the place is always whole, and has passed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from engine.outputs import is_special, move_whole
from maedet_tui.export.source import ExportError, Source, missing, read_source, source_of
from maedet_tui.export.underway import GivenUp, Underway
from maedet_tui.files import save_error, set_usual_permissions


class Exported(NamedTuple):
    """A finished export. checked: what was found to be right, as phrases."""

    path: Path
    checked: list[str]


class Format(NamedTuple):
    """A format.

    ending: of the file's name. takes_weights: can hold weights of the user's. extra: of
    pyproject.toml, which installs the packages that are needed. packages: their names.
    """

    ending: str
    summary: str
    takes_weights: bool = False
    extra: str = ""
    packages: tuple[str, ...] = ()

    @property
    def lacks(self) -> str | None:
        """What must be installed before it can be written, in a sentence; None if nothing."""
        return missing(self.extra, self.packages)


FORMATS = {
    "yaml": Format(".yaml", "the structure as YAML, as maedet-tui saves it"),
    "structure-info": Format(".txt", "the structure for the authors' released code"),
    "markdown": Format(".md", "structure and costs as tables"),
    "python": Format(".py", "one file that defines the backbone and needs torch alone"),
    "mmdet": Format("_mmdet", "a folder for MMDetection 3: with GFLV2, FCOS, RetinaNet"),
    "torchvision": Format(
        "_torchvision.py",
        "FCOS, RetinaNet and Mask R-CNN of torchvision",
        extra="torchvision",
        packages=("torchvision",),
    ),
    "timm": Format(
        "_timm.py",
        "makes timm.create_model(..., features_only=True) know it",
        extra="timm",
        packages=("timm", "torchvision"),
    ),
    "onnx": Format(
        ".onnx",
        "C2-C5 as a graph, any batch and image size",
        True,
        extra="onnx",
        packages=("onnx", "onnxscript", "onnxruntime"),
    ),
    "state-dict": Format(
        ".safetensors",
        "weights and batch-norm statistics",
        True,
        extra="export",
        packages=("safetensors",),
    ),
}


def export(
    source: Source,
    format_: str,
    output: Path | None = None,
    weights: Path | None = None,
    option: str | None = "--output",
    underway: Underway | None = None,
) -> Exported:
    """Write a structure in one of FORMATS, and check it.

    output: a file, or a folder to put it in; by default, a name in the current folder.
    weights: a state dict for formats that hold weights, in place of initial ones.
    option: names another place on the command line, for errors; None where there is none.
    underway: by which the export can be given up from another thread.
    Raises ExportError, SaveError; GivenUp.
    """
    underway = underway or Underway(output or Path())
    # with them comes torch, which a list of the formats does not need
    from engine.backbone import MismatchError
    from engine.backbone.checkpoint import CheckpointError

    chosen = FORMATS[format_]
    if chosen.lacks:
        raise ExportError(chosen.lacks)
    if weights and not chosen.takes_weights:
        takers = " and ".join(name for name, one in FORMATS.items() if one.takes_weights)
        raise ExportError(f"{format_} holds no weights; only {takers} do")
    path = _place(source, chosen, output)
    write = _writer(format_)
    if weights:
        write = partial(write, weights=weights)
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
        checked = write(source, made)
        with underway.finishing():
            _move(made, path)
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


def _move(made: Path, path: Path, *, named: bool = True) -> None:
    """Put a finished file, or each file of a finished folder, where it belongs.

    named: by the user, which files within a folder are not.
    """
    if made.is_dir():
        path.mkdir(exist_ok=True)
        for file in sorted(made.iterdir()):
            if file.is_file():
                _move(file, path / file.name, named=False)
        return
    set_usual_permissions(made)
    move_whole(made, path, named=named)


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
