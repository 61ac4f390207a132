"""`maedet-tui score`: costs and entropies of one structure."""

from __future__ import annotations

from math import isfinite
from time import perf_counter
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from engine.costs import Cost, total_cost
from engine.scorers.base import Score
from engine.scorers.factory import make_scorer
from engine.search.evolution import exceeded
from engine.settings import CLOSED, PROXIES, Preset
from engine.structure import Structure
from maedet_tui import formatting, summary
from maedet_tui.cli.output import (
    failures,
    family_option,
    load_preset,
    print_json,
    score_values,
    scorer_options,
)
from maedet_tui.files import read_structure
from maedet_tui.presets import advice
from maedet_tui.terminal import echo

#: given to the bound where it is not proven sooner
OPTIMUM_SECONDS = 10.0


@click.command()
@click.argument("structure")
@click.option(
    "--preset",
    default="maedet-m",
    show_default=True,
    help="Preset whose image size, score settings and scorer are used.",
)
@family_option
@click.option("--image-size", metavar="WxH", help="Image size at which FLOPs are counted.")
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
@click.pass_context
def score(
    context: click.Context,
    structure: str,
    preset: str,
    family: str | None,
    image_size: str | None,
    scorer: str | None,
    device: str | None,
    repeats: int | None,
    resolution: int | None,
    all_proxies: bool,
    as_json: bool,
) -> None:
    """Params, FLOPs, layers and entropies of STRUCTURE.

    STRUCTURE is a name from `maedet-tui zoo`, a saved YAML file, or a text file in
    the authors' structure_info format. With --preset, how far it is below the best that
    the preset allows is said too.
    """
    with failures():
        title, found = read_structure(structure, family)
        chosen = load_preset(
            preset,
            {
                "--scorer": ("scorer", scorer),
                "--device": ("device", device),
                "--repeats": ("forward.repeats", repeats),
                "--resolution": ("score.resolution", resolution),
                "--image-size": ("budget.image_size", image_size),
            },
        )
        cost = total_cost(found, chosen.budget.image_size)
        judge = make_scorer(chosen.scorer, chosen.device, chosen.objective, chosen.forward)
        (result,) = judge.score([found])
        proxies = _proxies(found, chosen) if all_proxies else {}
        named = context.get_parameter_source("preset") is not ParameterSource.DEFAULT
        optimum = _optimum(found, cost, chosen) if named and result.is_entropy else None
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
        more: dict[str, Any] = {"proxies": listed} if all_proxies else {}
        if optimum is not None:
            more["optimum"] = optimum._asdict()
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
    if optimum is not None:
        lines.append(_sentence(optimum, chosen.name))
    if named:
        lines += advice.lines(found, chosen)
    lines += [
        f"{summary.value(one)}, by {one.detail}, in {formatting.duration(seconds)}; "
        f"{formatting.score(expected)} in closed form"
        for one, expected, seconds in proxies.values()
    ]
    echo("\n".join([*lines, "", summary.table(found)]))


class _Distance(NamedTuple):
    """How far a structure is from the best of a preset.

    bound: on Z in closed form. gap: how far the structure's is below it, in percent; None
    where it is over a budget, which `over` names. proven: a structure at the bound is known.
    """

    bound: float
    gap: float | None
    proven: bool
    over: str | None


def _optimum(structure: Structure, cost: Cost, preset: Preset) -> _Distance | None:
    """The distance as far as it is known in a few seconds; None of a space that has none."""
    # what only this needs
    from engine.optimum.problem import NoOptimum
    from engine.optimum.search import certified
    from engine.scorers.closed_form import ClosedForm
    from engine.snapshot import gap_to

    try:
        found = certified(preset, OPTIMUM_SECONDS)
    except NoOptimum:
        return None
    (expected,) = ClosedForm(preset.objective).score([structure])
    over = exceeded(cost, preset.budget)
    gap = 100 * gap_to(found.bound, expected.z) if over is None else None
    return _Distance(found.bound, gap, found.proven, over)


def _sentence(optimum: _Distance, preset: str) -> str:
    known = "is" if optimum.proven else "is at most"
    best = f"The best that {preset} allows {known} Z {formatting.score(optimum.bound)}"
    if optimum.gap is None:
        return f"{best}; this structure is over its budget of {optimum.over}."
    return f"{best}; this structure is {formatting.gap(optimum.gap / 100)} below."


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
