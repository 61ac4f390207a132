"""The `maedet-tui` command, and where its subcommands are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from maedet_tui.cli.lazy import LazyGroup
from maedet_tui.cli.notify import notify_option
from maedet_tui.terminal import echo

#: `maedet_tui.logs.LEVELS`, whose import brings the standard library's logging
LOG_LEVELS = ("debug", "info", "warning", "error")
#: command -> (where it is, the first sentence of its help)
COMMANDS = {
    "bench": (
        "maedet_tui.cli.bench:bench",
        "Latency, throughput and memory of backbones, side by side with ResNet-50.",
    ),
    "completion": (
        "maedet_tui.cli.completion:completion",
        "Print what makes SHELL complete commands and options, or install it for your user.",
    ),
    "compare": (
        "maedet_tui.cli.compare:compare",
        "Two to six structures side by side: costs, entropies, scores, AP, blocks.",
    ),
    "export": (
        "maedet_tui.cli.export:export",
        "Write SOURCE as a file for another program, and check it by loading it back.",
    ),
    "front": (
        "maedet_tui.cli.front:front",
        "The structures that no other one beats, among all that sweeps and runs have found.",
    ),
    "latency": (
        "maedet_tui.cli.latency:latency",
        "How long structures take on this device, by a table that is measured once.",
    ),
    "optimum": (
        "maedet_tui.cli.optimum:optimum",
        "The best structure that PRESET allows, proven, or how far from it one may be.",
    ),
    "pause": (
        "maedet_tui.cli.control:pause",
        "Hold the search of RUN in whatever process; `maedet-tui resume RUN` goes on.",
    ),
    "presets": (
        "maedet_tui.cli.presets:presets",
        "List the presets, built in and your own; show one, or check a file.",
    ),
    "report": (
        "maedet_tui.cli.report:report",
        "Write RUN or SWEEP as one page to share: what was asked and found, how to go on with it.",
    ),
    "reproduce": (
        "maedet_tui.cli.reproduce:reproduce",
        "Run the searches behind a TABLE of the paper and print both side by side.",
    ),
    "resume": (
        "maedet_tui.cli.resume:resume",
        "Go on with RUN where it stopped: a name in RUNS_DIR, or a run's folder.",
    ),
    "runs": (
        "maedet_tui.cli.runs:runs",
        "List the runs in RUNS_DIR, last searched first: "
        "state, preset, progress, best Z, gap, age.",
    ),
    "score": (
        "maedet_tui.cli.score:score",
        "Params, FLOPs, layers and entropies of STRUCTURE.",
    ),
    "search": (
        "maedet_tui.cli.search:search",
        "Search the best backbone for PRESET: a name such as maedet-m, or a YAML file.",
    ),
    "serve": (
        "maedet_tui.cli.serve:serve",
        "Show the screens in a browser on this machine, under a link that works once.",
    ),
    "shapes": (
        "maedet_tui.cli.shapes:shapes",
        "Write a synthetic set in COCO's format into DIR: circles, squares, triangles, crosses.",
    ),
    "stop": (
        "maedet_tui.cli.control:stop",
        "End the search of RUN in whatever process; its best so far is saved.",
    ),
    "sweep": (
        "maedet_tui.cli.sweep:sweep",
        "Search many presets side by side: budgets, seeds, any key of a preset.",
    ),
    "train": (
        "maedet_tui.cli.train:train",
        "Train an FCOS detector on SOURCE with images and boxes in COCO's format.",
    ),
    "validate": (
        "maedet_tui.cli.validate:validate",
        "Train structures of one budget side by side: does Z tell which detectors are better?",
    ),
    "voc": (
        "maedet_tui.cli.voc:voc",
        "Write Pascal VOC's ANNOTATIONS, a folder of XML files, to OUTPUT in COCO's format.",
    ),
    "watch": (
        "maedet_tui.cli.control:watch",
        "Show RUN on the screen while another process searches it, or after its end.",
    ),
    "zoo": (
        "maedet_tui.cli.zoo:zoo",
        "List the paper's structures (Tables 10-15) and the ResNets it compares with.",
    ),
}


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        # no other start needs it, and it takes a while
        from importlib.metadata import version

        echo(f"maedet-tui {version('maedet-tui')}")
        context.exit()


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@click.option(
    "--log-level",
    type=click.Choice(LOG_LEVELS),
    default="warning",
    show_default=True,
    help="What goes to the log: of the run that is searched, else of all commands.",
)
@click.option(
    "--runs-dir",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder of all runs, for the screen and for every command that does not name another.",
)
@notify_option
@click.pass_context
def cli(context: click.Context, log_level: str, runs_dir: Path, notify: str | None) -> None:
    """Design object-detection backbones by maximum entropy (MAE-DET), training nothing.

    Without a command, pick a preset on the screen and watch its search.

    \b
    Exit codes: 0 done, 1 failed with a message, 2 wrong usage,
    129, 130 or 143 interrupted (the best so far is saved, and `resume` goes on).
    """
    # --help and --version do without
    from maedet_tui import logs

    logs.begin(log_level)
    if context.invoked_subcommand is None:
        # as for the commands: not before it is asked for
        from maedet_tui.cli.screen import pick_and_watch

        context.exit(pick_and_watch(runs_dir, notify))
    typed = {
        name: value
        for name, value in {"runs_dir": runs_dir, "notify": notify}.items()
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    if typed:
        _hand_down(context, typed)


def _hand_down(context: click.Context, given: dict[str, Any]) -> None:
    """What stands before a command is the default of its own option of that name."""
    assert context.invoked_subcommand is not None
    command = cli.get_command(context, context.invoked_subcommand)
    inner = command.commands if isinstance(command, click.Group) else {}
    context.default_map = {context.invoked_subcommand: {**given, **dict.fromkeys(inner, given)}}
