"""What is printed: whatever a name, a database or a file says, a terminal only shows it."""

from __future__ import annotations

from typing import TextIO

import click

from maedet_tui.formatting import printable


def echo(text: str = "", *, err: bool = False, nl: bool = True, file: TextIO | None = None) -> None:
    """Print text without what a terminal would obey. err: on standard error."""
    click.echo(printable(text), file=file, nl=nl, err=err)
