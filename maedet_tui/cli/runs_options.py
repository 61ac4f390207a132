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


def workers_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --workers and --ray to a command."""
    for option in (
        click.option(
            "--ray",
            metavar="local|auto|ADDRESS",
            help="The workers are actors of a Ray cluster: one of this machine, the one that is "
            "set up here, or that at an address (with the `ray` extra).",
        ),
        click.option(
            "--workers",
            type=click.IntRange(1, 256),
            metavar="N",
            help="Processes that make forward passes side by side, on a GPU each, or on a share "
            "of the cores; each keeps to forward.memory.  [default: the preset's]",
        ),
    ):
        command = option(command)
    return command


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
