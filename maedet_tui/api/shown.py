"""How objects show themselves: whole where they are looked at, in one line inside others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from html import escape
from typing import Any


class Shown(ABC):
    """`print` and IPython show all of an object, `repr` a line."""

    __slots__ = ()

    @abstractmethod
    def __str__(self) -> str: ...

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """IPython's hook for plain text."""
        printer.text(repr(self) if cycle else str(self))


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
