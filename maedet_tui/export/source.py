"""What is exported, and what can go wrong with that."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from engine.costs import total_cost
from engine.structure import Structure
from maedet_tui.files import read_structure

#: names that the generated files use themselves
_TAKEN = {
    "nn", "activation", "module_of", "check_size", "checkpoint", "signature", "fcos", "retinanet",
    "mask_rcnn", "one_stage_pyramid", "two_stage_pyramid", "state_dict_of", "backbone_weights",
    "default_cfgs", "build_model_with_cfg", "generate_default_cfgs", "register_model",
}  # fmt: skip
#: modules beside which a generated file is imported; one of the same name would hide them
_FRAMEWORKS = {
    "torch", "torchvision", "timm", "mmdet", "mmcv", "mmengine", "numpy", "onnx", "onnxruntime",
    "onnxscript", "safetensors", "engine", "maedet_tui", "gflv2_head", "train",
}  # fmt: skip


class ExportError(Exception):
    """An export that cannot be made or did not pass its check, in one sentence."""


class Source(NamedTuple):
    """A structure to export. name: an identifier. title: what people call it."""

    name: str
    title: str
    structure: Structure

    @property
    def class_name(self) -> str:
        """The name as classes are written: maedet_m is MaedetM."""
        return "".join(part[:1].upper() + part[1:] for part in self.name.split("_"))

    @property
    def summary(self) -> str:
        """Costs at the paper's size, in one line."""
        cost = total_cost(self.structure)
        return (
            f"{cost.params / 1e6:.1f}M parameters, {cost.flops / 1e9:.1f}G FLOPs at 1280x800, "
            f"{cost.layers} layers"
        )


def read_source(ref: str, family: str | None = None) -> Source:
    """The structure that a user names, with names that are safe to write into code.

    family: as `read_structure` has it. Raises StructureFileError.
    """
    title, structure = read_structure(ref, family)
    stem = ref if title != ref and "/" not in ref and "." not in ref else title.rsplit(".", 1)[0]
    return source_of(stem, title, structure)


def source_of(stem: str, title: str, structure: Structure) -> Source:
    """A structure to export under names made safe to write into code."""
    # text from outside ends up in docstrings, where a quote would end them
    title = re.sub(r"[^\w .,+()-]", "_", title)[:60]
    return Source(_identifier(stem), title, structure)


def _identifier(text: str) -> str:
    name = re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_")[:40]
    if not name.isidentifier() or keyword.iskeyword(name) or name in _TAKEN or shadowed(name):
        name = f"backbone_{name}".rstrip("_")
    return name


def shadowed(name: str) -> str | None:
    """What a module of this name would hide from those who import it, as a phrase."""
    if name in sys.stdlib_module_names:
        return f"Python's own module {name}"
    return f"the module {name}" if name in _FRAMEWORKS else None


def broken(packages: Sequence[str]) -> str | None:
    """What to install, in a sentence, if one of the packages is there and cannot be imported."""
    for package in packages:
        try:
            import_module(package)
        except Exception as error:  # builds that do not belong together fail in many ways
            reason = (str(error).strip().splitlines() or [repr(error)])[0]
            return (
                f"{package} is installed, but cannot be imported: {reason[:200]}; install releases "
                "of torch and of it that belong together"
            )
    return None


def missing(extra: str, packages: Sequence[str]) -> str | None:
    """What to install, in a sentence, if one of the packages is not there."""
    absent = [package for package in packages if find_spec(package) is None]
    if not absent:
        return None
    names = " and ".join(filter(None, (", ".join(absent[:-1]), absent[-1])))
    return (
        f"{names} {'is' if len(absent) == 1 else 'are'} not installed; "
        f"pip install 'maedet-tui[{extra}]'"
    )
