"""What is printed: whatever a name, a database or a file says, a terminal only shows it."""

from __future__ import annotations

import sys
from typing import TextIO

import click

from maedet_tui.formatting import printable


def echo(text: str = "", *, err: bool = False, nl: bool = True, file: TextIO | None = None) -> None:
    """Print text without what a terminal would obey. err: on standard error."""
    click.echo(printable(text), file=file, nl=nl, err=err)


#: how a terminal can call somebody who does not look at it -> what it is told
CALLS = {
    "bell": "\a",
    "osc9": "\x1b]9;{text}\a",  # a notice of the desktop: iTerm2, Windows Terminal, WezTerm
    "osc777": "\x1b]777;notify;maedet-tui;{text}\a",  # likewise: urxvt, foot, VTE, Ghostty
}


def call(how: str, text: str) -> str:
    """What a terminal has to be sent to call its user, in one of CALLS."""
    plain = "".join(c if c.isprintable() and c != ";" else " " for c in text)
    return CALLS[how].format(text=plain)


def ring(how: str, text: str) -> None:
    """Call the user, in one of CALLS, at the terminal that standard error goes to."""
    sys.stderr.write(call(how, text))
    sys.stderr.flush()
