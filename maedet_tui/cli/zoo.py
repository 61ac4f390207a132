"""`maedet-tui zoo`: the published structures with their costs and entropies."""

from __future__ import annotations

import click

from engine.costs import total_cost
from engine.formats.structure_yaml import to_rows
from engine.scorers.closed_form import ClosedForm
from engine.settings import Objective
from engine.zoo import ZOO
from maedet_tui import formatting
from maedet_tui.cli.output import print_json, score_values
from maedet_tui.terminal import echo


@click.command()
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one line of JSON: an object with one entry per structure, under its name.",
)
def zoo(as_json: bool) -> None:
    """List the paper's structures (Tables 10-15) and the ResNets it compares with.

    FLOPs are counted at 1280x800; entropies and Z are the closed form's, with the
    paper's settings (384x384, weights 0 0 1 1 6).
    """
    entries = list(ZOO.values())
    scores = ClosedForm(Objective()).score([entry.structure for entry in entries])
    rows = [
        (entry, total_cost(entry.structure), score)
        for entry, score in zip(entries, scores, strict=True)
    ]
    if as_json:
        print_json(
            {
                entry.name: {
                    "name": entry.name,
                    "title": entry.title,
                    "source": entry.source,
                    **cost._asdict(),
                    **score_values(score),
                    "structure": to_rows(entry.structure),
                }
                for entry, cost, score in rows
            }
        )
        return
    heading = f"{'name':19} {'source':15} {'params':>7} {'FLOPs':>8} {'layers':>6}"
    echo(f"{heading} {'C1':>6} {'C2':>6} {'C3':>6} {'C4':>6} {'C5':>7} {'Z':>9}")
    for entry, cost, score in rows:
        first, *middle, last = (f"{entropy:.2f}" for entropy in score.entropies)
        echo(
            f"{entry.name:19} {entry.source:15} {formatting.quantity(cost.params):>7} "
            f"{formatting.quantity(cost.flops):>8} {cost.layers:>6} {first:>6} "
            f"{' '.join(f'{entropy:>6}' for entropy in middle)} {last:>7} "
            f"{formatting.score(score.z):>9}"
        )
