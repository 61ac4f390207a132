"""`maedet-tui score`: costs and entropies of one structure."""

from __future__ import annotations

from math import isfinite
from time import perf_counter

import click

from engine.costs import total_cost
from engine.scorers.base import Score
from engine.scorers.factory import make_scorer
from engine.settings import CLOSED, PROXIES, Preset
from engine.structure import Structure
from maedet_tui import formatting, summary
from maedet_tui.cli.output import failures, load_preset, print_json, score_values, scorer_options
from maedet_tui.files import read_structure
from maedet_tui.terminal import echo


@click.command()
@click.argument("structure")
@click.option(
    "--preset",
    default="maedet-m",
    show_default=True,
    help="Preset whose image size, score settings and scorer are used.",
)
@scorer_options
@click.option(
    "--repeats",
    type=int,
    metavar="R",
    help="Forward passes, for a standard error; the closed form makes none.",
)
@click.option("--resolution", type=int, metavar="R", help="Side of the entropy's input image.")
@click.option(
    "--all-proxies",
    is_flag=True,
    help="Also compute Zen-Score, SynFlow and NASWOT, by a pass and in closed form.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def score(
    structure: str,
    preset: str,
    scorer: str | None,
    device: str | None,
    repeats: int | None,
    resolution: int | None,
    all_proxies: bool,
    as_json: bool,
) -> None:
    """Params, FLOPs, layers and entropies of STRUCTURE.

    STRUCTURE is a name from `maedet-tui zoo`, a saved YAML file, or a text file in
    the authors' structure_info format.
    """
    with failures():
        title, found = read_structure(structure)
        chosen = load_preset(
            preset,
            {
                "--scorer": ("scorer", scorer),
                "--device": ("device", device),
                "--repeats": ("forward.repeats", repeats),
                "--resolution": ("score.resolution", resolution),
            },
        )
        cost = total_cost(found, chosen.budget.image_size)
        judge = make_scorer(chosen.scorer, chosen.device, chosen.objective, chosen.forward)
        (result,) = judge.score([found])
        proxies = _proxies(found, chosen) if all_proxies else {}
    for notice in judge.notices:
        echo(notice, err=True)
    if repeats is not None and not result.passes and not all_proxies:
        echo("The closed form makes no passes: --repeats has no effect.", err=True)
    if as_json:
        listed = {
            name: {key: value for key, value in score_values(one).items() if key != "entropy"}
            | {"closed_form": expected, "seconds": seconds}
            for name, (one, expected, seconds) in proxies.items()
        }
        more = {"proxies": listed} if all_proxies else {}
        print_json({**cost._asdict(), **score_values(result), **more, "name": title})
        return
    size = formatting.image_size(chosen.budget.image_size)
    scatter = (
        f" (one forward pass scatters by {result.z_std:.2f})" if isfinite(result.z_std) else ""
    )
    lines = [
        f"{title}: {formatting.quantity(cost.params)} params, "
        f"{formatting.quantity(cost.flops)} FLOPs at {size}, {cost.layers} layers",
        f"{summary.value(result)}{scatter}, by {result.detail}",
    ]
    if result.is_entropy:
        lines.append(f"Entropies: {summary.entropies(result)}")
    lines += [
        f"{summary.value(one)}, by {one.detail}, in {formatting.duration(seconds)}; "
        f"{formatting.score(expected)} in closed form"
        for one, expected, seconds in proxies.values()
    ]
    echo("\n".join([*lines, "", summary.table(found)]))


def _proxies(structure: Structure, preset: Preset) -> dict[str, tuple[Score, float, float]]:
    """Each proxy's score, its closed form, and the seconds that the score took beyond
    drawing its weights once."""
    found = {}
    for name in PROXIES:
        judge = make_scorer(name, preset.device, preset.objective, preset.forward)
        judge.score([structure])
        start = perf_counter()
        (one,) = judge.score([structure])
        seconds = perf_counter() - start
        closed = make_scorer(name + CLOSED, preset.device, preset.objective, preset.forward)
        found[name] = one, closed.score([structure])[0].z, seconds
    return found
