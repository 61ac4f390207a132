"""Characters for terminals that know Unicode, and plain ones for those that do not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from textual.containers import ScrollableContainer
from textual.screen import Screen
from textual.scrollbar import ScrollBarRender
from textual.widget import Widget


class Glyphs(NamedTuple):
    """One character for each thing that is drawn.

    markers: one for each of C1-C5, so that lines differ without colour.
    braille: whether curves may be drawn in dots of 2 x 4 a cell. fills: of bands that
    stand on one another, so that neighbours differ without colour. heights: of a bar
    within a cell, from nothing to all of it.
    block, right_half, shade: filled areas, and what is only a part of them.
    """

    braille: bool
    markers: str
    fills: str
    heights: str
    full: str
    empty: str
    tick: str
    vertical: str
    horizontal: str
    corner: str
    y_tick: str
    x_tick: str
    x_left: str
    x_right: str
    switch: str
    dash: str
    running: str
    paused: str
    finished: str
    failed: str
    warning: str
    plus_minus: str
    at_most: str
    dot: str
    block: str
    right_half: str
    shade: str
    times: str
    cut: str


UNICODE = Glyphs(
    True, "○△□◇●", "░▒", " ▁▂▃▄▅▆▇█", "━", "─", "┿", "│", "─", "└", "┤", "┬", "←", "→", "┊", "╌",
    "▶", "‖", "✓", "✗", "▲", "±", "≤", "·", "█", "▐", "░", "×", "…",
)  # fmt: skip
PLAIN = Glyphs(
    False, "12345", "12345", " .:#", "=", "-", "+", "|", "-", "+", "+", "+", "<", ">", ":", "-",
    ">", "=", "*", "x", "!", "+-", "<=", "-", "#", "#", ".", "x", "~",
)  # fmt: skip


class PlainScrollBar(ScrollBarRender):
    """A scroll bar of coloured blanks."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


def plain_scroll_bars(*boxes: Widget) -> None:
    """Give boxes that scroll, or all of a screen's, bars of coloured blanks."""
    for box in boxes:
        if isinstance(box, Screen):
            plain_scroll_bars(*box.query(ScrollableContainer))
            continue
        for bar in (box.vertical_scrollbar, box.horizontal_scrollbar):
            # Textual's own way is to change all bars of the process; screens differ in tests
            bar.renderer = PlainScrollBar  # type: ignore[misc] # a class variable there


#: terminals that cannot show more than their own 256 characters, whatever the locale says
_POOR_TERMINALS = ("linux", "vt100", "vt102", "vt220", "ansi", "dumb")


def speaks_unicode(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal can be trusted with more than ASCII.

    A locale that was never set says nothing (containers have none), and Python
    itself replaces LC_CTYPE when it is "C"; so only a locale that names another
    character set, or a C one that somebody asked for, counts against it.
    """
    if environ.get("TERM", "") in _POOR_TERMINALS:
        return False
    asked = environ.get("LC_ALL") or environ.get("LANG") or ""
    if not environ.get("LC_ALL"):
        ctype = environ.get("LC_CTYPE", "")
        if ctype and ctype != "C.UTF-8":
            asked = ctype
    return not asked or "utf" in asked.lower().replace("-", "")


def glyphs(environ: Mapping[str, str] = os.environ) -> Glyphs:
    """The characters to use in this terminal."""
    return UNICODE if speaks_unicode(environ) else PLAIN
