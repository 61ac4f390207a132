"""`maedet-tui optimum`: the best structure that a preset allows, proven."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from engine.formats.structure_yaml import to_rows
from engine.optimum.certificate import Certificate
from engine.optimum.problem import NoOptimum
from engine.optimum.search import Optimum
from engine.optimum.worth import worth
from engine.settings import Preset
from maedet_tui import formatting, summary
from maedet_tui.cli import signals
from maedet_tui.cli.failure import Failure
from maedet_tui.cli.numbers import FiniteRange
from maedet_tui.cli.output import failures, load_preset, print_json
from maedet_tui.cli.progress import Row, shown_on
from maedet_tui.terminal import echo

#: given to solving once more with more layers
WHY_SECONDS = 30.0


@click.command()
@click.argument("preset")
@click.option(
    "--time",
    "limit",
    type=FiniteRange(0, 1e9, min_open=True),
    metavar="SECONDS",
    help="Give the bound and the best structure found by then.  [default: until proven]",
)
@click.option(
    "--gap",
    "enough",
    type=FiniteRange(0, 100),
    default=0.0,
    metavar="PERCENT",
    help="End once the best is this near to the bound.  [default: 0, the optimum itself]",
)
@click.option("--why", is_flag=True, help="Also what one more of each budget would buy.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
@click.pass_context
def optimum(
    context: click.Context,
    preset: str,
    limit: float | None,
    enough: float,
    why: bool,
    as_json: bool,
) -> None:
    """The best structure that PRESET allows, proven, or how far from it one may be.

    PRESET is a name such as maedet-m, or a YAML file. No structure of its space within its
    budgets has a higher Z in closed form than the bound; docs/optimum.md says why.
    Interrupted, it gives the bound that it has.
    """
    began = time.monotonic()
    with failures():
        chosen = load_preset(preset, {})
    with signals.collected() as received:
        with _provable(chosen):
            search = Optimum(chosen)
        with shown_on(sys.stderr if as_json else sys.stdout) as display:
            more = True
            while more and not received:
                if limit is not None and time.monotonic() - began >= limit:
                    break
                with _provable(chosen):
                    more = search.step()
                now = search.certificate
                display.show(_row(now), line=lambda now=now: _line(now))  # type: ignore[misc]
                if now.gap is not None and enough and 100 * now.gap <= enough:
                    break
    found, seconds = search.certificate, time.monotonic() - began
    worths = worth(chosen, found, WHY_SECONDS) if why and not received else []
    if as_json:
        more_keys = {"worth": [one._asdict() for one in worths]} if why else {}
        print_json({**values(found, seconds), **more_keys})
    else:
        lines = [outcome(found, seconds, chosen.budget.image_size)]
        if worths and found.best is not None:
            lines += ["", *(f"{summary.worth(one, found.best.score.z)}." for one in worths)]
        echo("\n".join([*lines, *found.notes]))
    if received:
        context.exit(128 + received[0])


@contextmanager
def _provable(preset: Preset) -> Iterator[None]:
    """Turn what cannot be proven into a Failure."""
    try:
        yield
    except NoOptimum as error:
        raise Failure(f"{preset.name}: {error}") from None


def values(found: Certificate, seconds: float) -> dict[str, Any]:
    """The keys of the JSON; gap in percent. Without a structure its keys are null."""
    best = found.best
    return {
        "bound": found.bound,
        "best": best.score.z if best else None,
        "gap": None if found.gap is None else 100 * found.gap,
        "proven": found.proven,
        "trivial": found.trivial,
        "seconds": round(seconds, 3),
        "nodes": found.nodes,
        "skeletons": found.skeletons,
        "structure": to_rows(best.structure) if best else None,
        "params": best.cost.params if best else None,
        "flops": best.cost.flops if best else None,
        "layers": best.cost.layers if best else None,
        "notes": list(found.notes),
    }


def outcome(found: Certificate, seconds: float, image_size: tuple[int, int]) -> str:
    """What was found, for people."""
    best = found.best
    work = (
        f"{formatting.count(found.skeletons)} skeletons, {formatting.count(found.nodes)} boxes of "
        f"widths bounded, {formatting.duration(seconds)}"
    )
    kind = "the trivial bound, of the widest and deepest blocks" if found.trivial else "the bound"
    bound = f"no structure is above Z {formatting.score(found.bound)}, {kind}"
    if best is None:
        return f"No structure found yet; {bound}.\n{work}"
    if found.proven:
        first = f"Proven optimum: Z {formatting.score(best.score.z)}"
    else:
        first = f"Z {formatting.score(best.score.z)}, {summary.gap(found.gap or 0.0)}; {bound}"
    return "\n".join(
        [
            first,
            f"{summary.costs(best.cost)} at {formatting.image_size(image_size)}",
            f"Entropies: {summary.entropies(best.score)}",
            work,
            "",
            summary.table(best.structure),
        ]
    )


def _row(now: Certificate) -> Row:
    if now.trivial:
        return Row("skeletons", now.skeletons - now.left, now.skeletons, _words(now))
    return Row("widths", now.nodes, None, _words(now))


def _line(now: Certificate) -> str:
    return ", ".join((f"{formatting.count(now.left)} left", *_words(now)))


def _words(now: Certificate) -> tuple[str, ...]:
    bound = f"bound {formatting.score(now.bound)}" + (" (trivial)" if now.trivial else "")
    if now.best is None:
        return (bound,)
    return (
        bound,
        f"best Z {formatting.score(now.best.score.z)}",
        f"gap {formatting.gap(now.gap or 0.0)}",
    )
