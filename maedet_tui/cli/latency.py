"""`maedet-tui latency`: measure this device's latencies, and tell those of a structure."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from engine.settings import Preset, Space
from engine.structure import Structure
from maedet_tui.cli.failure import Failure
from maedet_tui.cli.output import failures, family_option, load_preset, print_json
from maedet_tui.cli.progress import Row, shown_on
from maedet_tui.files import latency_folder, read_structure
from maedet_tui.terminal import echo

if TYPE_CHECKING:
    from engine.latency.model import Latency


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
        chosen = load_preset(preset, {})
        table = _table(chosen)
        _build(table, chosen.space, chosen.initial)
    if table.trouble:
        raise Failure(table.trouble)
    echo(f"{len(table.grids)} families of operations: {table.path}")


def _table(preset: Preset) -> Latency:
    """The user's table for the device, image size and number format of a preset."""
    # torch comes with it, for which neither help nor a wrong name need wait
    from engine.latency.budget import latency_of

    return latency_of(preset, latency_folder())


def _build(table: Latency, space: Space, initial: Structure) -> None:
    """Measure what is missing, with a bar on a terminal."""
    missing = len(table.missing(space, initial))
    echo(f"{missing} families of operations to measure: {table.detail}", err=True)
    with shown_on(sys.stderr) as display:
        table.build(
            space, initial, progress=lambda done, of: display.show(Row("measuring", done, of))
        )


@latency.command()
@click.argument("structure")
@click.option(
    "--preset",
    default="maedet-m",
    show_default=True,
    help="Preset whose image size, device, batch and number format are used.",
)
@family_option
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def show(structure: str, preset: str, family: str | None, as_json: bool) -> None:
    """The latency of STRUCTURE, predicted by the table and measured as a whole."""
    with failures():
        title, found = read_structure(structure, family)
        chosen = load_preset(preset, {})
        table = _table(chosen)
        _build(table, chosen.space, found)
    predicted, measured = table(found), table.measure(found)
    if table.trouble:
        echo(table.trouble, err=True)
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
    echo(
        f"{title}: predicted {1e3 * predicted:.1f} ms, measured {1e3 * measured:.1f} ms "
        f"({table.detail})"
    )
