"""`maedet-tui presets`: list, show and validate."""

from __future__ import annotations

import click

from maedet_tui.cli.output import FAILED, Failure, failures


@click.group(invoke_without_command=True)
@click.pass_context
def presets(context: click.Context) -> None:
    """List the presets; show one, or check a file of your own.

    To make your own: `maedet-tui presets show maedet-m > mine.yaml`, edit it, and
    `maedet-tui search mine.yaml`.
    """
    if context.invoked_subcommand is not None:
        return
    from maedet_tui import formatting
    from maedet_tui.presets import builtin_presets

    def limit(value: int | None) -> str:
        return "-" if value is None else formatting.short_quantity(value)

    with failures():
        found = builtin_presets()
    click.echo(f"{'name':18} {'FLOPs':>6} {'params':>7} {'layers':>6}  description")
    for preset in found:
        budget = preset.budget
        click.echo(
            f"{preset.name:18} {limit(budget.flops):>6} {limit(budget.params):>7} "
            f"{budget.layers or '-':>6}  {preset.description}"
        )


@presets.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the preset NAME as it is written, ready to be edited."""
    from maedet_tui.presets import read_source

    with failures():
        text, _, _ = read_source(name)
    click.echo(text, nl=False)


@presets.command()
@click.argument("file")
def validate(file: str) -> None:
    """Check FILE (or a preset's name): exit 1 and every problem, if there is one."""
    from maedet_tui.presets import PresetError, load

    try:
        preset = load(file)
    except PresetError as error:
        count = len(error.problems)
        click.echo(str(error), err=True)
        raise Failure(f"{file} has {count} problem{'s' if count > 1 else ''}", FAILED) from None
    click.echo(f"{file} is valid: {preset.description or preset.name}")
