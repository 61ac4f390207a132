"""`maedet-tui latency`: measure this device's latencies, and tell those of a structure."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from maedet_tui.cli.output import Failure, failures, load_preset, print_json

if TYPE_CHECKING:
    from engine.latency.model import Latency
    from engine.settings import Space
    from engine.structure import Structure


@click.group()
def latency() -> None:
    """How long structures take on this device, by a table that is measured once.

    A preset with a budget such as `latency: 25ms` measures what it needs by itself.
    """


@latency.command()
@click.argument("preset")
def build(preset: str) -> None:
    """Measure all that a search of PRESET needs, and keep it in the user's cache."""
    with failures():
        from engine.latency.budget import latency_of
        from maedet_tui.files import latency_folder

        chosen = load_preset(preset, {})
        table = latency_of(chosen, latency_folder())
        _build(table, chosen.space, chosen.initial)
    if table.trouble:
        raise Failure(table.trouble)
    click.echo(f"{len(table.grids)} families of operations: {table.path}")


def _build(table: Latency, space: Space, initial: Structure) -> None:
    """Measure what is missing, with a bar on a terminal."""
    missing = len(table.missing(space, initial))
    click.echo(f"{missing} families of operations to measure: {table.detail}", err=True)
    if not missing:
        table.build(space, initial)
        return
    with click.progressbar(length=missing, file=sys.stderr, show_pos=True) as bar:
        table.build(space, initial, progress=lambda done, _: bar.update(done - bar.pos))


@latency.command()
@click.argument("structure")
@click.option(
    "--preset",
    default="maedet-m",
    show_default=True,
    help="Preset whose image size, device, batch and number format are used.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def show(structure: str, preset: str, as_json: bool) -> None:
    """The latency of STRUCTURE, predicted by the table and measured as a whole."""
    with failures():
        from engine.latency.budget import latency_of
        from maedet_tui.files import latency_folder, read_structure

        title, found = read_structure(structure)
        chosen = load_preset(preset, {})
        table = latency_of(chosen, latency_folder())
        _build(table, chosen.space, found)
    predicted, measured = table(found), table.measure(found)
    if table.trouble:
        click.echo(table.trouble, err=True)
    if as_json:
        print_json(
            {
                "name": title,
                "predicted": predicted,
                "measured": measured,
                "image_size": list(table.image_size[::-1]),
                **table.key,
            }
        )
        return
    click.echo(
        f"{title}: predicted {1e3 * predicted:.1f} ms, measured {1e3 * measured:.1f} ms "
        f"({table.detail})"
    )
