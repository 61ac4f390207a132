"""`maedet-tui compare`: structures side by side."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import click

from engine.costs import total_cost
from engine.formats.structure_yaml import to_rows
from engine.scorers.base import Score
from engine.settings import Preset
from maedet_tui import formatting
from maedet_tui.cli.failure import USAGE, Failure
from maedet_tui.cli.output import (
    failures,
    family_option,
    load_preset,
    print_json,
    score_values,
)
from maedet_tui.cli.progress import Row, shown_on
from maedet_tui.presets.quantities import parse_image_size
from maedet_tui.reproduce.paper import published_ap
from maedet_tui.structures.comparison import (
    FEWEST,
    MEASURE_NAMES,
    MEASURES,
    MOST,
    Comparison,
    block_lines,
    legend,
    number_lines,
)
from maedet_tui.structures.items import Item, named_items
from maedet_tui.structures.known import (
    closed_form,
    closed_proxies,
    measure,
    measured_at,
    parse_alphas,
)
from maedet_tui.structures.lines import layout
from maedet_tui.terminal import echo


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="STRUCTURE STRUCTURE...")
@click.option(
    "--preset",
    default="maedet-m",
    show_default=True,
    help="Preset whose image size, score settings and device are used.",
)
@family_option
@click.option("--alphas", metavar="A", help='Weights of C1-C5 in Z, such as "0 0 1 1 6".')
@click.option("--size", metavar="WxH", help="Image size at which FLOPs are counted.")
@click.option("--differences", is_flag=True, help="Of the blocks, print only what differs.")
@click.option(
    "--measure",
    "measured",
    is_flag=True,
    help="Also measure Z by forward passes and all nine proxies; takes minutes.",
)
@click.option(
    "--measure-by",
    "measured_by",
    multiple=True,
    type=click.Choice(MEASURES),
    metavar="SCORER",
    help=f"Measure this one alone: {', '.join(MEASURES)}. May be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def compare(
    names: tuple[str, ...],
    preset: str,
    family: str | None,
    alphas: str | None,
    size: str | None,
    differences: bool,
    measured: bool,
    measured_by: tuple[str, ...],
    as_json: bool,
) -> None:
    """Two to six structures side by side: costs, entropies, scores, AP, blocks.

    STRUCTURE is a name from `maedet-tui zoo`, a run's folder, a saved YAML file, or a
    text file in the authors' structure_info format. `maedet-tui runs compare` sets
    whole searches side by side.
    """
    if not FEWEST <= len(names) <= MOST:
        raise Failure(f"a comparison is of {FEWEST} to {MOST} structures, not {len(names)}", USAGE)
    with failures():
        wanted = MEASURES if measured else tuple(n for n in MEASURES if n in measured_by)
        shown = _comparison(named_items(names, family), preset, alphas, size, wanted)
    if as_json:
        print_json(_values(shown))
        return
    blocks = block_lines([item.structure for item in shown.items])
    if differences:
        blocks = [line for line in blocks if line.differs]
    width = shutil.get_terminal_size().columns
    for lines in (number_lines(shown), blocks):
        for row in layout(lines, shown.names, width):
            echo("".join(text for text, _ in row).rstrip())
        echo()
    echo("\n".join(legend(shown)))


def _comparison(
    items: tuple[Item, ...],
    preset: str,
    alphas: str | None,
    size: str | None,
    wanted: Sequence[str],
) -> Comparison:
    chosen = load_preset(preset, {})
    objective, image_size = chosen.objective, chosen.budget.image_size
    try:
        if alphas is not None:
            objective = replace(objective, alphas=parse_alphas(alphas))
    except ValueError as error:
        raise Failure(f"--alphas: {error}", USAGE) from None
    try:
        if size is not None:
            image_size = parse_image_size(size)
    except ValueError as error:
        raise Failure(f"--size: {size!r} {error}", USAGE) from None
    structures = [item.structure for item in items]
    judge = replace(chosen, objective=objective)
    found = _measure(wanted, judge, items)
    scores = tuple(closed_form(objective, structures))
    expected = closed_proxies(judge, structures)
    return Comparison(items, objective, image_size, scores, found, expected)


def _measure(
    wanted: Sequence[str], judge: Preset, items: Sequence[Item]
) -> dict[str, tuple[Score | str | None, ...]]:
    """Each structure by each scorer, with a bar on a terminal."""
    found: dict[str, list[Score | str | None]] = {name: [] for name in wanted}
    of = len(wanted) * len(items)
    with shown_on(sys.stderr) as display:
        for done, (name, item) in enumerate(product(wanted, items)):
            what = f"{MEASURE_NAMES[name]} of {item.name}"
            told = partial("Measuring {}, {} of {}".format, what, done + 1, of)
            display.show(Row(what, done, of), line=told)
            found[name].append(measure(name, judge, item.structure))
    return {name: tuple(values) for name, values in found.items()}


def _values_of(score: Score | None) -> dict[str, Any]:
    assert score is not None  # the command waits for all of them
    return score_values(score)


def _measured(found: Score | str | None, resolution: int) -> str | dict[str, Any]:
    """A score without its entropies, or why there is none."""
    if isinstance(found, str):
        return found
    values = {key: value for key, value in _values_of(found).items() if key != "entropy"}
    return values | {"resolution": resolution}


def _values(shown: Comparison) -> dict[str, object]:
    return {
        "image_size": formatting.image_size(shown.image_size),
        "alphas": list(shown.objective.alphas),
        "structures": [
            {
                "name": item.name,
                "origin": item.origin,
                **total_cost(item.structure, shown.image_size)._asdict(),
                **_values_of(score),
                "proxies": {name: found[index].z for name, found in shown.expected.items()},
                "measured": {
                    name: _measured(found[index], measured_at(name, shown.objective))
                    for name, found in shown.measured.items()
                },
                "ap": published_ap(item.structure),
                "structure": to_rows(item.structure),
            }
            for index, (item, score) in enumerate(zip(shown.items, shown.scores, strict=True))
        ],
    }
