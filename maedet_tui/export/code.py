"""One readable file that defines the backbone and depends on torch alone.

The module's code is that of `engine.backbone.network`, with the file's own types and
without what no layer needs; the structure is written out as the units that it lowers to.
So state dicts fit either, and a new kind of block needs no template.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from string import Template
from types import ModuleType

import torch

from engine.backbone import Measured, MismatchError, build, network, verify
from engine.blocks import Layer, Part, Unit, units
from engine.structure import LEVELS
from maedet_tui.export.source import ExportError, Source
from maedet_tui.summary import table

ALL_LEVELS = (0, 1, 2, 3, 4)
#: characters of a line
LINE = 100
#: the docstring of a layer in the file
PLAIN_LAYER = 'One layer: "conv" (with batch norm), "avgpool" or "maxpool".'
SQUEEZING_LAYER = (
    'One layer: "conv" (with batch norm), "avgpool", "maxpool" or "se" (squeeze-and-excitation,\n'
    "    whose kernel is the reduction of its channels)."
)

UNSHUFFLING = '\n    "unshuffle" stacks the pixels of each 2x2 cell as channels.'
#: modules that a file has where a layer needs them
SPECIAL: dict[str, Callable[[Layer], bool]] = {
    "SqueezeExcite": lambda layer: layer.op == "se" and not layer.squeezed,
    "NormedExcite": lambda layer: layer.op == "se" and layer.squeezed > 0,
    "Unshuffle": lambda layer: layer.op == "unshuffle",
}


def fill(template: str, **values: object) -> str:
    """A file of templates/ with its $names filled in."""
    text = files("maedet_tui.export").joinpath("templates").joinpath(template).read_text("utf-8")
    return Template(text).substitute({name: str(value) for name, value in values.items()})


def with_imports(text: str, imports: str) -> str:
    """The file with further imports in their alphabetical place."""
    last = "from torch.utils.checkpoint import checkpoint\n"
    if imports > last:
        return replaced(text, last, last + imports)
    return replaced(text, "from torch import nn\n", imports + "from torch import nn\n")


def replaced(text: str, old: str, new: str, times: int = 1) -> str:
    """The text with one passage in place of another.

    times: that the other must occur. Raises ExportError if it occurs more or less often, as
    after a change of code that is handed out: what is written would not be what was meant.
    """
    if (found := text.count(old)) != times:
        raise ExportError(
            f"the code to hand out has {old[:60]!r} {found} times, where "
            f"{times} {'is' if times == 1 else 'are'} to be replaced"
        )
    return text.replace(old, new)


def backbone_source(source: Source) -> str:
    """The text of the file."""
    imports, body = _network_parts()
    layers = {
        layer
        for block in source.structure.blocks
        for unit, _ in units(block)
        for layer in unit.layers
    }
    nested = any(
        isinstance(part, Unit)
        for block in source.structure.blocks
        for unit, _ in units(block)
        for part in (*unit.main, *(unit.shortcut or ()))
    )
    special = {name for name, found in SPECIAL.items() if any(map(found, layers))}
    words = SQUEEZING_LAYER if special & {"SqueezeExcite", "NormedExcite"} else PLAIN_LAYER
    if "Unshuffle" in special:
        words += UNSHUFFLING
    more = [
        f"\n    {field}"
        for field, needed in (
            ("bias: bool = False", any(layer.bias for layer in layers)),
            ("squeezed: int = 0", "NormedExcite" in special),
        )
        if needed
    ]
    return fill(
        "backbone.py.txt",
        title=source.title,
        name=source.name,
        summary=source.summary,
        table="\n".join(f"    {line}".rstrip() for line in table(source.structure).splitlines()),
        imports=replaced(imports, "Any, TypedDict", "Any, NamedTuple, TypedDict"),
        layer_words=words,
        more_fields="".join(more),
        part="Layer | Unit" if nested else "Layer",
        body=_for_file(body, special, any(layer.bias for layer in layers)),
        stages=_stages(source),
    )


def _network_parts() -> tuple[str, str]:
    """Imports and body of `engine.backbone.network`."""
    text = Path(network.__file__).read_text("utf-8")
    after_docstring, *rest = ast.parse(text).body[1:]
    first = next(node for node in rest if not isinstance(node, ast.Import | ast.ImportFrom))
    lines = text.splitlines()
    imports = "\n".join(lines[after_docstring.lineno - 1 : first.lineno - 1])
    return imports.strip(), "\n".join(lines[first.lineno - 1 :]).strip()


def _for_file(body: str, special: set[str], biases: bool) -> str:
    """The body with the file's own types, and without modules that no layer has."""
    body = replaced(body, "layer: Any", "layer: Layer", times=4)
    body = replaced(body, "unit: Any", "unit: Unit")
    body = replaced(body, "part: Any", "part: Layer | Unit", times=2)
    body = replaced(body, "tuple[Any, int]", "tuple[Unit, int]", times=3)
    if not biases:
        body = replaced(body, "bias=layer.bias", "bias=False")
    for name in sorted(SPECIAL.keys() - special):
        for passage in (
            rf"class {name}\(.*?\n(?=class )",
            rf"    if layer\.op == [^\n]*:\n        return {name}\(\w*\)\n",
        ):
            found = re.search(passage, body, re.DOTALL)
            body = replaced(body, found[0] if found else f"{name}(", "")
    return body


def _stages(source: Source) -> str:
    lines = ["STAGES = ("]
    for level, stage in enumerate(source.structure.stages):
        lines += ["    (", f"        # {LEVELS[level]}, stride {2 ** (level + 1)}"]
        for block in stage:
            lines.append(
                f"        # {block.kind}, {block.in_channels} to {block.out_channels} channels, "
                f"kernel {block.kernel}, stride {block.stride}"
            )
            for unit, count in units(block):
                lines += ["        (", *_unit(unit, 12), f"            {count},", "        ),"]
        lines.append("    ),")
    return "\n".join([*lines, ")"])


def _unit(unit: Unit, indent: int) -> list[str]:
    pad = " " * indent
    lines = [f"{pad}Unit(", *_path("main", unit.main, indent + 4)]
    if unit.shortcut is not None:
        lines += _path("shortcut", unit.shortcut, indent + 4)
    if unit.activation != "none":
        lines.append(f'{pad}    activation="{unit.activation}",')
    if unit.join != "sum":
        lines.append(f'{pad}    join="{unit.join}",')
    return [*lines, f"{pad}),"]


def _path(name: str, parts: tuple[Part, ...], indent: int) -> list[str]:
    """A tuple of layers and units, broken into lines where ruff would break it."""
    pad = " " * indent
    if not parts:
        return [f"{pad}{name}=(),"]
    lines = []
    for part in parts:
        if isinstance(part, Unit):
            lines += _unit(part, indent + 4)
        else:
            lines.append(f"{pad}    {_layer(part)},")
    if len(parts) == 1 and isinstance(parts[0], Layer):
        line = f"{pad}{name}=({_layer(parts[0])},),"
        if len(line) <= LINE:
            return [line]
    return [f"{pad}{name}=(", *lines, f"{pad}),"]


def _layer(layer: Layer) -> str:
    numbers = f"{layer.in_channels}, {layer.out_channels}, {layer.kernel}, {layer.stride}"
    groups = f", groups={layer.groups}" if layer.groups > 1 else ""
    activation = f', activation="{layer.activation}"' if layer.activation != "relu" else ""
    bias = ", bias=True" if layer.bias else ""
    squeezed = f", squeezed={layer.squeezed}" if layer.squeezed else ""
    return f'Layer("{layer.op}", {numbers}{groups}{activation}{bias}{squeezed})'


@contextmanager
def loaded(path: Path) -> Iterator[ModuleType]:
    """A generated file, imported from where it lies for as long as the block lasts."""
    name = f"_exported_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ExportError(f"{path}: Python cannot import a file of that name")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.dont_write_bytecode = writes_bytecode
        sys.modules.pop(name, None)


def check_backbone(source: Source, module: ModuleType) -> list[str]:
    """Hold the factory of a generated file against the structure.

    Returns what was checked, as phrases. Raises MismatchError.
    """
    with torch.device("meta"):
        backbone = getattr(module, source.name)(out_indices=ALL_LEVELS)
        ours = build(source.structure, out_indices=ALL_LEVELS)
    if list(backbone.state_dict()) != list(ours.state_dict()):
        raise MismatchError("the names in its state dict are not those of the engine's module")
    return measured_phrases(verify(backbone, source.structure))


def measured_phrases(measured: Measured) -> list[str]:
    """What `verify` has found to be right."""
    return [
        f"{measured.params:,} parameters, as the cost model counts",
        f"{measured.flops:,} FLOPs at 1280x800, as the cost model counts",
        f"{measured.conv_flops:,} FLOPs of convolutions by torch's counter (two per "
        "multiply-accumulate)",
        "C1-C5 of the promised shapes at 161x97 and 1280x800",
    ]


def write_python(source: Source, path: Path) -> list[str]:
    """Write the file and load it back."""
    path.write_text(backbone_source(source), "utf-8")
    with loaded(path) as module:
        return check_backbone(source, module)
