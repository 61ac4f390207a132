"""`maedet-tui score`: costs and entropies of one structure."""

from __future__ import annotations

from math import isfinite
from time import perf_counter
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from engine.costs import total_cost
from engine.scorers.base import Score, ScoringError, close
from engine.scorers.factory import make_scorer
from engine.search.evolution import exceeded
from engine.settings import CLOSED, GRADIENT_PROXIES, PROXIES, Preset
from engine.structure import Structure
from maedet_tui import formatting, summary
from maedet_tui.cli.failure import USAGE, Failure
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
from maedet_tui.presets.quantities import parse_image_size
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
@scorer_options
@click.option(
    "--repeats",
    type=int,
    metavar="R",
    help="Forward passes, for a standard error; the closed form makes none.",
)
@click.option("--resolution", type=int, metavar="R", help="Side of the entropy's input image.")
@click.option("--image-size", metavar="WxH", help="Image size of FLOPs.  [default: the preset's]")
@click.option(
    "--all-proxies",
    is_flag=True,
    help="Also compute every proxy of other papers, by a pass and, of Zen-Score, SynFlow and "
    "NASWOT, in closed form.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@click.pass_context
def score(
    context: click.Context,
    structure: str,
    preset: str,
    family: str | None,
    scorer: str | None,
    device: str | None,
    repeats: int | None,
    resolution: int | None,
    image_size: str | None,
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
            },
        )
        counted_at = _image_size(image_size) or chosen.budget.image_size
        cost = total_cost(found, counted_at)
        judge = make_scorer(chosen.scorer, chosen.device, chosen.objective, chosen.forward)
        (result,) = judge.score([found])
        proxies = _proxies(found, chosen) if all_proxies else {}
        named = context.get_parameter_source("preset") is not ParameterSource.DEFAULT
        optimum = _optimum(found, chosen) if named and result.is_entropy else None
    for notice in judge.notices:
        echo(notice, err=True)
    if repeats is not None and not result.passes and not all_proxies:
        echo("The closed form makes no passes: --repeats has no effect.", err=True)
    if as_json:
        listed = {name: _values(one) for name, one in proxies.items()}
        more: dict[str, Any] = {"proxies": listed} if all_proxies else {}
        if optimum is not None:
            more["optimum"] = optimum._asdict()
        if named:
            more["advice"] = advice.of_structure(found, chosen, _known_gap(optimum))
        print_json({**cost._asdict(), **score_values(result), **more, "name": title})
        return
    size = formatting.image_size(counted_at)
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
        lines += advice.lines(found, chosen, _known_gap(optimum))
    lines += [_told(name, one) for name, one in proxies.items()]
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


def _known_gap(optimum: _Distance | None) -> float | None:
    """How far the structure is below a proven optimum, as a share."""
    if optimum is None or optimum.gap is None or not optimum.proven:
        return None
    return optimum.gap / 100


def _image_size(text: str | None) -> tuple[int, int] | None:
    try:
        return None if text is None else parse_image_size(text)
    except ValueError as error:
        raise Failure(f"--image-size: {text!r} {error}", USAGE) from None


def _optimum(structure: Structure, preset: Preset) -> _Distance | None:
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
    over = exceeded(total_cost(structure, preset.budget.image_size), preset.budget)
    gap = 100 * gap_to(found.bound, expected.z) if over is None else None
    return _Distance(found.bound, gap, found.proven, over)


def _sentence(optimum: _Distance, preset: str) -> str:
    known = "is" if optimum.proven else "is at most"
    best = f"The best that {preset} allows {known} Z {formatting.score(optimum.bound)}"
    if optimum.gap is None:
        return f"{best}; this structure is over its budget of {optimum.over}."
    return f"{best}; this structure is {formatting.gap(optimum.gap / 100)} below."


class _Proxy(NamedTuple):
    """A proxy's score, the seconds that it took beyond drawing its weights once, and its
    closed form, where it has one."""

    score: Score
    seconds: float
    expected: float | None


def _proxies(structure: Structure, preset: Preset) -> dict[str, _Proxy | str]:
    """Each proxy of the structure, or a sentence why there is none."""
    found: dict[str, _Proxy | str] = {}
    for name in (*PROXIES, *GRADIENT_PROXIES):
        judge = make_scorer(name, preset.device, preset.objective, preset.forward)
        try:
            judge.score([structure])
            start = perf_counter()
            (one,) = judge.score([structure])
            seconds = perf_counter() - start
            expected = _expected(name, structure, preset) if name in PROXIES else None
            found[name] = _Proxy(one, seconds, expected)
        except ScoringError as error:
            found[name] = str(error)
        finally:
            close(judge)
    return found


def _expected(name: str, structure: Structure, preset: Preset) -> float:
    closed = make_scorer(name + CLOSED, preset.device, preset.objective, preset.forward)
    return closed.score([structure])[0].z


def _values(proxy: _Proxy | str) -> dict[str, Any]:
    """The keys of a proxy in JSON."""
    if isinstance(proxy, str):
        return {"error": proxy}
    values = {k: value for k, value in score_values(proxy.score).items() if k != "entropy"}
    return values | {"closed_form": proxy.expected, "seconds": proxy.seconds}


def _told(name: str, proxy: _Proxy | str) -> str:
    if isinstance(proxy, str):
        return f"{name}: none, {proxy}"
    score, seconds, expected = proxy
    told = f"{summary.value(score)}, by {score.detail}, in {formatting.duration(seconds)}"
    return told if expected is None else f"{told}; {formatting.score(expected)} in closed form"
