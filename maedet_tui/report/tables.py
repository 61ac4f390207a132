"""Pieces that sections of the report are made of: headings, lists of facts, tables."""

from __future__ import annotations

from collections.abc import Sequence

from engine.costs import block_costs
from engine.structure import Structure
from maedet_tui import formatting
from maedet_tui.report.facts import Rows
from maedet_tui.report.markup import Child, Markup, element
from maedet_tui.structures.comparison import Comparison, block_lines, legend, number_lines
from maedet_tui.structures.lines import Line


def section(title: str, *parts: Child) -> Markup:
    """Parts below a heading."""
    return element("section", element("h2", title), parts)


def definitions(rows: Rows) -> Markup:
    """Names with what is said of each."""
    return element("dl", [[element("dt", name), element("dd", value)] for name, value in rows])


def folded(title: str, *parts: Child) -> Markup:
    """Parts that are shown when their title is asked for."""
    return element("details", element("summary", title), parts)


def costs(structure: Structure, size: tuple[int, int]) -> Markup:
    """What each block of a structure costs, with its shares as bars."""
    blocks = block_costs(structure, size)
    columns = [[cost.flops for cost in blocks], [cost.params for cost in blocks]]
    head = ["level", "block", "FLOPs", "", "", "params", "", ""]
    rows = []
    for number, (block, level) in enumerate(zip(structure.blocks, structure.levels)):
        row: list[Child] = [level, f"{block.kind} k{block.kernel}"]
        for values in columns:
            share = values[number] / max(sum(values), 1)
            row += [
                formatting.quantity(values[number]),
                f"{100 * share:.0f} %",
                _bar(values[number] / max(*values, 1)),
            ]
        rows.append(row)
    return table([head, *rows])


def _bar(share: float) -> Markup:
    bar = element("rect", width=100 * share, height=10)
    return element("svg", bar, viewBox="0 0 100 10", class_="share", aria_hidden="true")


def comparison(shown: Comparison) -> list[Markup]:
    """Structures side by side, differences marked, and what the marks mean."""
    structures = [item.structure for item in shown.items]
    return [
        element("div", _lines(number_lines(shown), shown.names),
                _lines(block_lines(structures), shown.names), class_="pair"),
        *(element("p", sentence, class_="muted") for sentence in legend(shown)),
    ]  # fmt: skip


def _lines(lines: Sequence[Line], names: Sequence[str]) -> Markup:
    """Lines of a comparison as a table; marks are signs and classes both."""
    rows, before = [], None
    for line in lines:
        begins = bool(line.group) and line.group != before
        before = line.group or before
        cells = [
            element("td", mark + cell, class_={"*": "other", "^": "best"}.get(mark))
            for cell, mark in zip(line.cells, line.marks)
        ]
        rows.append(element(
            "tr", element("td", line.group if begins else "", class_="left"),
            element("td", line.label.strip(), class_="left"), cells,
            class_="begins" if begins else None,
        ))  # fmt: skip
    head = element("tr", element("th"), element("th"),
                   [element("th", name, class_="name") for name in names])  # fmt: skip
    return _scrolling(element("table", element("thead", head), element("tbody", rows)))


def table(rows: Sequence[Sequence[Child]], left: Sequence[int] = ()) -> Markup:
    """A table with its first row as the headings. left: columns of text."""
    head, *others = rows

    def cells(name: str, row: Sequence[Child]) -> list[Markup]:
        return [
            element(name, cell, class_="left" if number in left else None)
            for number, cell in enumerate(row)
        ]

    return _scrolling(element(
        "table",
        element("thead", element("tr", cells("th", head))),
        element("tbody", [element("tr", cells("td", row)) for row in others]),
    ))  # fmt: skip


def _scrolling(inner: Markup) -> Markup:
    return element("div", inner, class_="wide")
