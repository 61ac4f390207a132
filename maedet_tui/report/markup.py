"""HTML out of Python: whatever is not made here is text, and is escaped as such.

Texts of a run may come from anywhere. There is one way for them into a page, and that escapes.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TypeAlias

from maedet_tui.formatting import printable


class Markup(str):
    """Text that is markup already; only this module makes it."""

    __slots__ = ()


#: what an element may hold; None is nothing
Child: TypeAlias = "str | int | Iterable[Child] | None"

_VOID = {"meta"}


def element(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """An element. Names of attributes are Python's: `class_`, `stroke_width`.

    An attribute that is None is left out; a number has at most two decimals.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{told}>")
    return Markup(f"<{name}{told}>{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Markup:
    """One after the other, escaped where they are text."""
    return Markup("".join(map(_child, children)))


def trusted(text: str) -> Markup:
    """Text of the program's own that is markup, such as its style sheet; never of a run."""
    return Markup(text)


def document(title: str, style: Markup, *body: Child) -> str:
    """A page that asks nobody for anything, nor lets whatever is in it do so."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="generator", content="maedet-tui"),
        element("meta", http_equiv="Content-Security-Policy",
                content="default-src 'none'; style-src 'unsafe-inline'"),
        element("title", title),
        element("style", style),
    )  # fmt: skip
    return f"<!DOCTYPE html>\n{element('html', head, element('body', *body), lang='en')}\n"


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, (str, int)):
        return html.escape(printable(str(child)))
    return join(child)


def _value(value: str | float) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return html.escape(printable(str(value)))
