"""Pieces that sections of a report are made of: tables, pairs, comparisons, what is folded."""

from __future__ import annotations

from collections.abc import Sequence

from maedet_tui.report import facts
from maedet_tui.report.markup import Child, Markup, element
from maedet_tui.structures.comparison import Comparison, block_lines, legend, number_lines
from maedet_tui.structures.lines import Line


def section(title: str, *parts: Child) -> Markup:
    """A heading and what stands under it."""
    return element("section", element("h2", title), parts)


def pairs(rows: facts.Rows) -> Markup:
    """Names with their values."""
    return element("dl", [[element("dt", name), element("dd", value)] for name, value in rows])


def folded(title: str, *parts: Child) -> Markup:
    """What is only seen where a reader opens it, and on paper."""
    return element("details", element("summary", title), parts)


def lines(lines: Sequence[Line], names: Sequence[str]) -> Markup:
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
    return scrolling(element("table", element("thead", head), element("tbody", rows)))


def table(rows: Sequence[Sequence[Child]], left: Sequence[int] = ()) -> Markup:
    """A table with its first row as the headings. left: columns of text."""
    head, *others = rows

    def cells(name: str, row: Sequence[Child]) -> list[Markup]:
        return [
            element(name, cell, class_="left" if number in left else None)
            for number, cell in enumerate(row)
        ]

    return scrolling(element(
        "table",
        element("thead", element("tr", cells("th", head))),
        element("tbody", [element("tr", cells("td", row)) for row in others]),
    ))  # fmt: skip


def scrolling(table: Markup) -> Markup:
    return element("div", table, class_="wide")


def comparison(shown: Comparison) -> list[Markup]:
    """Costs and blocks of structures side by side."""
    structures = [item.structure for item in shown.items]
    return [
        element("div", lines(number_lines(shown), shown.names),
                lines(block_lines(structures), shown.names), class_="pair"),
        *(element("p", sentence, class_="muted") for sentence in legend(shown)),
    ]  # fmt: skip
