"""A structure as the paper prints it (Tables 10-15), with entropies and costs beside.

Depths are bottlenecks, as in presets and files; a table that quotes the paper gives its
"# layers" besides, which counts two bottlenecks as one.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.costs import block_costs, total_cost
from engine.scorers.objective import z_parts
from engine.settings import Preset
from engine.structure import LEVELS, Block, Structure
from maedet_tui import formatting
from maedet_tui.widgets.panel import MUTED, STRONG, Panel, Part

#: (full heading, short heading, widest entry)
_COLUMNS = (
    ("block", "block", 8),
    ("kernel", "k", 1),
    ("in", "in", 4),
    ("out", "out", 4),
    ("stride", "s", 1),
    ("bottleneck", "btn", 4),
    ("depth", "d", 2),
    ("level", "lev", 2),
    ("params", "params", 6),
    ("FLOPs", "FLOPs", 6),
    ("entropy", "H", 5),
    ("% of Z", "Z %", 3),
)
#: what the paper calls depth, where it is quoted, and in less than the width
_QUOTED, _BRIEFLY, _ROOM = "# layers", "# l.", 84
_LEVEL = 7
#: the style of a cell that differs
MARKED = "bold underline $warning"
#: what room is spent on, most wanted first: the full heading of a column, or (None) a wider gap
_WISHES = (6, None, 7, 5, 10, 1, 4, 11, None)


@dataclass(frozen=True)
class View:
    """A structure to draw, its costs at the preset's image size.

    z, entropies: None while they are not known. quoted: whether it is out of the paper, whose
    own "# layers" then stand in a last column; False where it stands beside such a one, and
    has its other columns at the same places; None anywhere else. other: cells of blocks that
    differ from it are marked.
    """

    preset: Preset
    structure: Structure
    z: float | None = None
    entropies: tuple[float, ...] | None = None
    quoted: bool | None = None
    other: Structure | None = None


def differing(structure: Structure, other: Structure) -> list[set[int]]:
    """For each block, the columns of `table` in which it differs from the other's, stage by stage;
    a block that has no counterpart there differs in all of them."""
    found: list[set[int]] = []
    for level, stage in enumerate(structure.stages):
        theirs = other.stages[level] if level < len(other.stages) else ()
        for place, block in enumerate(stage):
            ours = _numbers(block)
            beside = _numbers(theirs[place]) if place < len(theirs) else [""] * len(ours)
            found.append({i for i, (one, two) in enumerate(zip(ours, beside)) if one != two})
    return found


def _numbers(block: Block) -> list[str]:
    """What a table says of a block before its level and costs."""
    return [
        block.kind,
        str(block.kernel),
        str(block.in_channels),
        str(block.out_channels),
        str(block.stride),
        formatting.inside(block),
        str(block.depth),
    ]


def shares(view: View) -> list[str]:
    """How much of Z each stage contributes; empty where it does not count."""
    if not view.entropies or not view.z:
        return [""] * len(view.structure.stages)
    parts = z_parts(view.preset.objective, view.structure, view.entropies)
    return [f"{100 * part / view.z:.0f}" if part else "-" for part in parts]


def table(view: View) -> list[list[str]]:
    """The rows of the table; entropy and its share stand with the last block of a stage."""
    structure, size = view.structure, view.preset.budget.image_size
    of_z, ends = shares(view), structure.stage_ends
    rows = []
    for index, (block, level, cost) in enumerate(
        zip(structure.blocks, structure.levels, block_costs(structure, size))
    ):
        stage = ends.index(index) if index in ends else None
        cells = [
            *_numbers(block),
            level,
            formatting.quantity(cost.params),
            formatting.quantity(cost.flops),
        ]
        if view.entropies is not None:
            cells += ["", ""] if stage is None else [f"{view.entropies[stage]:.1f}", of_z[stage]]
        rows.append(cells)
    return rows


def _layout(rows: list[list[str]], width: int, z: float | None) -> tuple[list[str], list[int], int]:
    """(headings, column widths, gap): full headings where they fit, then wider gaps; Z fits
    under the last two columns."""
    columns = _COLUMNS[: len(rows[0])]
    widest = [max(column[2], *(len(row[i]) for row in rows)) for i, column in enumerate(columns)]
    headings = [column[1] for column in columns]
    widths = [max(w, len(h)) for w, h in zip(widest, headings)]
    gaps = len(widths) - 1
    gap = 1

    def spare() -> int:
        return width - sum(widths) - gap * gaps

    for index in _WISHES:
        if index is None:
            gap += spare() >= gaps
        elif index < len(columns):
            full = _COLUMNS[index][0]
            if len(full) - widths[index] <= spare():
                headings[index], widths[index] = full, max(widths[index], len(full))
    if z is not None and len(columns) == len(_COLUMNS):
        widths[-1] += max(len(_z(z)) - widths[-2] - gap - widths[-1], 0)
    return headings, widths, gap


def _z(z: float) -> str:
    return f"Z {formatting.score(z)}"


def _marked(cell: str) -> list[Part]:
    """A cell that stands out, without colours too, and the blanks around it as they are."""
    text = cell.strip()
    before, after = cell.split(text) if text else (cell, "")
    return [(before, ""), (text, MARKED), (after, "")]


class StructureView(Panel[View]):
    """Draws one structure: the best of a search, or one of the paper's."""

    def parts(self, shown: View, width: int) -> list[Part]:
        rows = table(shown)
        heading = _QUOTED if width >= _ROOM else _BRIEFLY
        free = 0 if shown.quoted is None else len(heading) + 1
        headings, widths, gap = _layout(rows, width - free, shown.z)
        # the paper's column comes last, and is the first to go
        quoted = [""] * len(rows)
        if shown.quoted and sum(widths) + gap * (len(widths) - 1) + free <= width:
            quoted = [formatting.paper_layers(block) for block in shown.structure.blocks]

        def line(cells: list[str]) -> list[str]:
            padded = [f"{cells[0]:<{widths[0]}}"]
            padded += [f"{cell:>{size}}" for cell, size in zip(cells[1:], widths[1:])]
            return [cell + " " * gap for cell in padded[:-1]] + padded[-1:]

        head = f" {heading}" if any(quoted) else ""
        parts: list[Part] = [("".join(line(headings)) + head + "\n", MUTED)]
        marks: list[set[int]] = [set()] * len(rows)
        if shown.other is not None:
            marks = differing(shown.structure, shown.other)
        for cells, paper, marked in zip(rows, quoted, marks):
            padded = line(cells)
            for index, cell in enumerate(padded[:_LEVEL]):
                parts += _marked(cell) if index in marked else [(cell, "")]
            parts.append((padded[_LEVEL], f"bold $stage-{LEVELS.index(cells[_LEVEL]) + 1}"))
            parts.append(("".join(padded[_LEVEL + 1 :]), ""))
            parts.append((f" {paper:>{len(heading)}}\n" if paper else "\n", MUTED))
        return [*parts, *self._total(shown, widths, gap)]

    def _total(self, shown: View, widths: list[int], gap: int) -> list[Part]:
        """The last line: what the whole backbone costs, under the columns of costs."""
        cost = total_cost(shown.structure, shown.preset.budget.image_size)
        left = sum(widths[:8]) + gap * 7
        space = " " * gap
        costs = (
            f"{space}{formatting.quantity(cost.params):>{widths[8]}}"
            f"{space}{formatting.quantity(cost.flops):>{widths[9]}}"
        )
        z = f"{space}{_z(shown.z)}" if shown.z is not None else ""
        return [
            (f"total, {cost.layers} convolutional layers".ljust(left)[:left], MUTED),
            (costs, STRONG),
            (z, STRONG),
        ]
