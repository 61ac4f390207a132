"""Formats that hold the structure alone: YAML, structure_info, and a table for documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.costs import stage_costs, total_cost
from engine.formats import structure_info, structure_yaml
from engine.structure import LEVELS, Structure, StructureError
from maedet_tui.export.source import ExportError, Source

#: column of the table -> key of a block in YAML
_COLUMNS = (
    "block",
    "kernel",
    "in",
    "out",
    "stride",
    "bottleneck",
    "expansion",
    "group",
    "se",
    "depth",
)


def yaml(source: Source) -> str:
    """The structure as YAML that every command reads."""
    return structure_yaml.dumps(source.structure)


def write_yaml(source: Source, path: Path) -> list[str]:
    """The structure as YAML."""
    path.write_text(yaml(source), "utf-8")
    return _same(source, structure_yaml.loads(path.read_text("utf-8")))


def write_structure_info(source: Source, path: Path) -> list[str]:
    """The structure for the authors' released code, if all its blocks have a class there."""
    path.write_text(info(source), "utf-8")
    return _same(source, structure_info.loads(path.read_text("utf-8")))


def info(source: Source) -> str:
    """The structure as `structure_info`.

    Raises ExportError if the authors' code has no class for one of its blocks.
    """
    try:
        return structure_info.dumps(source.structure)
    except StructureError as error:
        raise ExportError(str(error)) from None


def write_markdown(source: Source, path: Path) -> list[str]:
    """The structure and its costs as tables."""
    path.write_text(markdown(source), "utf-8")
    return _same(source, _read_table(path.read_text("utf-8")))


def _same(source: Source, found: Structure) -> list[str]:
    if found != source.structure:
        raise ExportError("what was written reads back as another structure")
    cost = total_cost(found)
    return [
        f"{len(found.blocks)} blocks read back the same",
        f"{cost.params:,} parameters and {cost.flops:,} FLOPs at 1280x800 by the cost model",
    ]


def markdown(source: Source) -> str:
    """The structure and its costs as two tables under a heading."""
    rows = structure_yaml.to_rows(source.structure)
    columns = [name for name in _COLUMNS if any(name in row for row in rows)]
    lines = [f"# {source.title}", "", f"{source.summary}.", ""]
    lines += _table(
        [*columns, "level"],
        [
            [*(row.get(name, "-") for name in columns), level]
            for row, level in zip(rows, source.structure.levels, strict=True)
        ],
    )
    lines += ["", "`depth` counts bottlenecks; the paper's tables count two as one.", ""]
    lines += _table(
        ["level", "params", "FLOPs", "layers"],
        [
            [level, f"{cost.params:,}", f"{cost.flops:,}", cost.layers]
            for level, cost in zip(LEVELS, stage_costs(source.structure), strict=True)
        ],
    )
    return "\n".join(lines) + "\n"


def _table(head: list[str], rows: list[list[object]]) -> list[str]:
    rule = ["---" if not column else "---:" for column in range(len(head))]
    lines: list[Sequence[object]] = [head, rule, *rows]
    return [f"| {' | '.join(map(str, line))} |" for line in lines]


def _read_table(text: str) -> Structure:
    """The structure out of the first table."""
    tables = text.split("\n\n")[2].splitlines()
    head, _, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in tables)
    rows = []
    for cells in lines:
        row = {name: cell for name, cell in zip(head, cells) if name in _COLUMNS and cell != "-"}
        rows.append({key: int(cell) if key != "block" else cell for key, cell in row.items()})
    return structure_yaml.from_rows(rows)


#: format -> (what people call it, what writes it as text)
WRITERS = {
    "yaml": ("YAML", yaml),
    "structure-info": ("structure_info", info),
    "markdown": ("Markdown tables", markdown),
}
