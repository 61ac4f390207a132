"""How commands name a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from maedet_tui.trackers import TRACKERS


def runs_dir_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --runs-dir to a command."""
    return click.option(
        "--runs-dir",
        type=click.Path(path_type=Path),
        default=Path("runs"),
        show_default=True,
        help="Folder of all runs.",
    )(command)


def track_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --track to a command."""
    return click.option(
        "--track",
        type=click.Choice(list(TRACKERS)),
        multiple=True,
        help="Write the history as it grows into the run's folder too: "
        + "; ".join(f"{name}: {tracker.summary}" for name, tracker in TRACKERS.items())
        + ". May be given for each.",
    )(command)
