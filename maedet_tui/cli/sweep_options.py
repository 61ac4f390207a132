"""How a sweep is run: options that commands share, as one value."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.numbers import FiniteRange
from maedet_tui.cli.output import failures
from maedet_tui.cli.runs_options import runs_dir_option
from maedet_tui.sweep.searched import Where


class How(NamedTuple):
    """What the options say. where: it searches."""

    runs_dir: Path
    where: Where
    headless: bool
    detach: bool
    as_json: bool

    @property
    def silent(self) -> bool:
        """Whether no screen is wanted."""
        return self.headless or self.detach or self.as_json


def running_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add them to a command, which is given `how`."""

    @functools.wraps(command)
    def told(
        *,
        runs_dir: Path,
        jobs: int | None,
        ray: str | None,
        gpus: float,
        shared: bool,
        headless: bool,
        detach: bool,
        as_json: bool,
        **others: Any,
    ) -> Any:
        _refuse_without_cluster(ray, {"--gpus": gpus > 0, "--shared": shared})
        how = How(runs_dir, Where(jobs, ray, gpus, shared), headless, detach, as_json)
        return command(how=how, **others)

    for option in (
        click.option("--json", "as_json", is_flag=True,
                     help="Print the result as one line of JSON. Implies --headless."),
        click.option("--detach", is_flag=True, help="Search in the background."),
        click.option("--shared", is_flag=True,
                     help="On a cluster: RUNS_DIR is the same folder on all of its machines."),
        click.option("--gpus", type=FiniteRange(0, 64), default=0.0, metavar="N",
                     help="On a cluster: GPUs of each search.  [default: 0]"),
        click.option("--ray", metavar="local|auto|ADDRESS",
                     help="Search on a Ray cluster: one of this machine, the one that is set up "
                     "here, or that at an address (with the `ray` extra)."),
        click.option("--headless", is_flag=True, help="No screen: progress as lines."),
        click.option("--jobs", type=click.IntRange(1, 1024), metavar="N",
                     help="Searches at a time, each in a process of its own.  "
                     "[default: one a core]"),
    ):  # fmt: skip
        told = option(told)
    return runs_dir_option(told)


def _refuse_without_cluster(ray: str | None, given: dict[str, bool]) -> None:
    """Raise Failure for options that mean nothing on this machine alone."""
    with failures():
        for option, said in given.items():
            if said and ray is None:
                raise Failure(f"{option} is for a cluster; add --ray, or leave it out", USAGE)


def refuse_no_terminal(without: bool) -> None:
    """Raise Failure where a screen is wanted and there is no terminal to draw it on."""
    if not without and not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise Failure(
            "there is no terminal to draw the screen on; add --headless to search without it", USAGE
        )
