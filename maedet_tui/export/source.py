"""What is exported, and what can go wrong with that."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple

from engine.costs import total_cost
from engine.structure import Structure
from maedet_tui.files import read_structure

#: names that the generated files use themselves
_TAKEN = {"torch", "nn", "activation", "module_of", "fcos", "retinanet", "mask_rcnn", "timm"}


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


def read_source(ref: str) -> Source:
    """The structure that a user names, with names that are safe to write into code.

    Raises StructureFileError.
    """
    title, structure = read_structure(ref)
    stem = ref if title != ref and "/" not in ref and "." not in ref else title.rsplit(".", 1)[0]
    return source_of(stem, title, structure)


def source_of(stem: str, title: str, structure: Structure) -> Source:
    """A structure to export under names made safe to write into code."""
    # text from outside ends up in docstrings, where a quote would end them
    title = re.sub(r"[^\w .,+()-]", "_", title)[:60]
    return Source(_identifier(stem), title, structure)


def _identifier(text: str) -> str:
    name = re.sub(r"[^0-9a-z]+", "_", text.lower()).strip("_")[:40]
    if not name.isidentifier() or keyword.iskeyword(name) or name in _TAKEN:
        name = f"backbone_{name}".rstrip("_")
    return name


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
