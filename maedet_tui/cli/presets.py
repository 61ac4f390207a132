"""`maedet-tui presets`: list, show and validate."""

from __future__ import annotations

import click

from maedet_tui.cli.failure import FAILED, Failure
from maedet_tui.cli.output import failures
from maedet_tui.presets.doubts import doubts
from maedet_tui.presets.folder import user_folder
from maedet_tui.presets.glance import HEADINGS, glance
from maedet_tui.presets.library import Entry, entries
from maedet_tui.presets.problems import PresetError, tally
from maedet_tui.presets.reading import load, read_source, shown_name
from maedet_tui.terminal import echo


@click.group(invoke_without_command=True)
@click.pass_context
def presets(context: click.Context) -> None:
    """List the presets, built in and your own; show one, or check a file.

    To make your own: `maedet-tui` and `e` on a preset; or `maedet-tui presets show
    maedet-m > mine.yaml`, edit it, and `maedet-tui search mine.yaml`. Files in the folder
    that MAEDET_PRESETS names (else in your configuration folder) can be named like
    built-in ones.
    """
    if context.invoked_subcommand is not None:
        return
    with failures():
        found = list(entries())
    width = max(len(shown_name(entry.name)) for entry in found)
    flops, params, layers, latency, _, _ = HEADINGS
    echo(f"{'name':{width}} {flops:>6} {params:>7} {layers:>6} {latency:>7}  description")
    for entry in found:
        name = f"{shown_name(entry.name):{width}}"
        if entry.preset is None:
            echo(f"{name} {_broken(entry)}")
            continue
        flops, params, layers, latency, _, _ = glance(entry.preset)
        echo(f"{name} {flops:>6} {params:>7} {layers:>6} {latency:>7}  {entry.preset.description}")
    if not all(entry.builtin for entry in found):
        echo(f"Your own presets are in {user_folder()}.")


def _broken(entry: Entry) -> str:
    more = tally(entry.problems) - 1
    return f"has a problem: {entry.problems[0]}" + (f" (and {more:,} more)" if more else "")


@presets.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the preset NAME as it is written, ready to be edited."""
    with failures():
        text, _, _ = read_source(name)
    echo(text, nl=False)


@presets.command()
@click.argument("file")
def validate(file: str) -> None:
    """Check FILE (or a preset's name): exit 1 and every problem, if there is one."""
    try:
        preset = load(file)
    except PresetError as error:
        count = tally(error.problems)
        echo(str(error), err=True)
        raise Failure(f"{file} has {count:,} problem{'s' if count > 1 else ''}", FAILED) from None
    for doubt in doubts(preset, read_source(file)[0]):
        echo(f"Warning: {doubt}", err=True)
    echo(f"{file} is valid: {preset.description or preset.name}")
