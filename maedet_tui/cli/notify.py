"""Calling whoever has started a search once it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from maedet_tui.terminal import CALLS


def notify_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --notify to a command."""
    return click.option(
        "--notify",
        type=click.Choice(list(CALLS)),
        help="At the end of a search, ring the terminal's bell, or have it show a notice of the "
        "desktop, by whichever of the two sequences it knows.",
    )(command)
