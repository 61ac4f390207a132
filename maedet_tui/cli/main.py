"""The `maedet-tui` command and its subcommands."""

from __future__ import annotations

from pathlib import Path

import click

from maedet_tui.cli.bench import bench
from maedet_tui.cli.compare import compare
from maedet_tui.cli.control import pause, stop, watch
from maedet_tui.cli.export import export
from maedet_tui.cli.latency import latency
from maedet_tui.cli.presets import presets
from maedet_tui.cli.reproduce import reproduce
from maedet_tui.cli.resume import resume
from maedet_tui.cli.runs import runs
from maedet_tui.cli.score import score
from maedet_tui.cli.search import search
from maedet_tui.cli.shapes import shapes
from maedet_tui.cli.train import train
from maedet_tui.cli.zoo import zoo


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"maedet-tui {version('maedet-tui')}")
        context.exit()


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Design object-detection backbones by maximum entropy (MAE-DET), training nothing.

    Without a command, pick a preset on the screen and watch its search.

    \b
    Exit codes: 0 done, 1 failed with a message, 2 wrong usage,
    130 or 143 interrupted (the best so far is saved, and `resume` goes on).
    """
    if context.invoked_subcommand is None:
        from maedet_tui.cli.screen import pick_and_watch

        context.exit(pick_and_watch(Path("runs")))


commands = (
    search,
    resume,
    watch,
    pause,
    stop,
    runs,
    score,
    compare,
    export,
    bench,
    train,
    shapes,
    zoo,
    presets,
    latency,
    reproduce,
)
for command in commands:
    cli.add_command(command)
