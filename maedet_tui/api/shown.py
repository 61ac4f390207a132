"""How objects show themselves in IPython: whole where they are looked at, a line inside others."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Protocol


class Printer(Protocol):
    """IPython's, as far as it is asked."""

    def text(self, text: str) -> None: ...


def pretty(shown: object, printer: Printer, cycle: bool) -> None:
    """`_repr_pretty_` of a class: all that `print` shows.

    It has to stand in the class itself, for IPython takes whichever of it and `__repr__` is
    nearer.
    """
    printer.text(repr(shown) if cycle else str(shown))


def html_table(rows: Sequence[Sequence[str]], above: Sequence[str] = ()) -> str:
    """Lines of text, then a table whose first row is its headings."""

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row)

    heading, *body = rows
    return "\n".join(
        [
            *(f"<div>{escape(line)}</div>" for line in above),
            "<table>",
            f"<thead><tr>{cells('th', heading)}</tr></thead>",
            "<tbody>",
            *(f"<tr>{cells('td', row)}</tr>" for row in body),
            "</tbody>",
            "</table>",
        ]
    )
