"""A search's progress and outcome in words, for where there is no screen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from math import isfinite
from pathlib import Path

from engine.costs import Cost
from engine.formats import structure_yaml
from engine.scorers.base import Score
from engine.snapshot import Bound, LatencyResult, Ranked, Snapshot, Worth
from engine.structure import LEVELS, Structure
from maedet_tui import formatting

#: a gain of less than this share of Z is rounding
NOTHING = 1e-7


def progress(snapshot: Snapshot) -> str:
    """One line: phase, iterations, rate, best Z, time left."""
    if snapshot.phase == "checking" and snapshot.best:
        return f"checking the final structures, best Z {formatting.score(snapshot.best.score.z)}"
    if snapshot.progress is not None:
        done, of = snapshot.progress
        return f"measuring latencies, {done}/{of} families of operations done"
    parts = [
        f"{snapshot.phase} {formatting.count(snapshot.iteration)}"
        f"/{formatting.count(snapshot.iterations)}"
        f" ({formatting.percent(snapshot.iteration, snapshot.iterations)})"
    ]
    if snapshot.rate:
        parts.append(formatting.rate(snapshot.rate))
    if snapshot.best:
        parts.append(f"best Z {formatting.score(snapshot.best.score.z)}")
    if snapshot.bound is not None and snapshot.bound.gap is not None:
        parts.append(bound(snapshot.bound))
    if snapshot.eta is not None:
        parts.append(f"{formatting.duration(snapshot.eta)} left")
    return ", ".join(parts)


def costs(cost: Cost) -> str:
    """Params, FLOPs and layers in one phrase."""
    return (
        f"{formatting.quantity(cost.params)} params, {formatting.quantity(cost.flops)} FLOPs, "
        f"{cost.layers} layers"
    )


def value(score: Score) -> str:
    """Z or a proxy's value under its name, with its error where it has one."""
    name = "Z" if score.is_entropy else score.method
    error = f" ± {score.z_error:.2f}" if score.passes and isfinite(score.z_error) else ""
    return f"{name} {formatting.score(score.z)}{error}"


def gap(share: float) -> str:
    """How far something is below the best possible, in one phrase."""
    return f"at most {formatting.gap(share)} below the best possible"


def bound(found: Bound, ended: bool = False) -> str:
    """How far the best is below the best possible, as far as that is known, in one phrase."""
    if found.gap is None:
        return "no bound was found in time" if ended else "bound is being computed"
    words = "the best possible, proven" if found.proven else gap(found.gap)
    return f"{words} without the latency budget" if found.without_latency else words


def worth(one: Worth, z: float, brief: bool = False) -> str:
    """What more of a budget would buy of a best of score z, in one sentence.

    brief: with signs in the place of words.
    """
    name = {"flops": "FLOPs", "params": "params", "layers": "layers"}[one.name]
    if one.gain <= NOTHING * abs(z):
        return f"{name} do not bind"
    amount = f"{one.more:g}" if one.name == "layers" else "1 %"
    gives = "give" if one.name == "layers" and one.more != 1 else "gives"
    gain = formatting.gap(one.gain / abs(z))
    if brief:
        return f"{name} bind: +{amount} {gives} +{gain} Z"
    return f"{name} bind: {amount} more {gives} {gain} Z"


def entropies(score: Score) -> str:
    """The entropies of C1-C5 in a row."""
    pairs = zip(LEVELS, score.entropies, strict=True)
    return ", ".join(f"{level} {entropy:.2f}" for level, entropy in pairs)


def latency(result: LatencyResult) -> str:
    """Predicted and measured milliseconds in one phrase."""
    measured = f", measured {1e3 * result.measured:.1f} ms" if result.measured else ""
    return (
        f"predicted {1e3 * result.predicted:.1f} ms{measured}, "
        f"budget {1e3 * result.limit:.4g} ms ({result.detail})"
    )


def rows(structure: Structure) -> list[list[str]]:
    """The columns of Tables 10-15 under their headings; depth counts bottlenecks.

    Columns that no block of the structure has a number in are left out.
    """
    fields = {
        "block": "kind", "kernel": "kernel", "in": "in_channels", "out": "out_channels",
        "stride": "stride", "bottleneck": "bottleneck", "expansion": "expansion",
        "group": "group", "se": "se", "depth": "depth",
    }  # fmt: skip
    columns = {
        heading: [getattr(block, name) for block in structure.blocks]
        for heading, name in fields.items()
    }
    kept = {heading: values for heading, values in columns.items() if any(values)}
    return [[*kept, "level"]] + [
        [*(str(values[number] or "-") for values in kept.values()), level]
        for number, level in enumerate(structure.levels)
    ]


def table(structure: Structure) -> str:
    """`rows` as plain text."""
    lines = rows(structure)
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def bound_lines(snapshot: Snapshot) -> list[str]:
    """What is known of the best possible, if anything, and what more of the budgets would buy."""
    found = snapshot.bound
    if found is None or snapshot.best is None:
        return []
    value = "" if found.value is None else f" (Z {formatting.score(found.value)})"
    own = ""
    if snapshot.best.score.passes and found.z is not None:
        # its Z by passes scatters, and may lie above what no closed form exceeds
        own = f"in closed form, where its Z is {formatting.score(found.z)}, "
    lines = [f"Bound: {own}{bound(found, snapshot.ended)}{value}."]
    if found.worth and found.value is not None:
        lines.append(
            f"At the optimum, {'; '.join(worth(one, found.value) for one in found.worth)}."
        )
    return lines


def tied(ranking: Sequence[Ranked]) -> int:
    """How many of the following tie with the first, each with the one before it."""
    return sum(1 for _ in takewhile(lambda ranked: ranked.tied, ranking[1:]))


def outcome_lines(snapshot: Snapshot) -> list[str]:
    """What a search came to, in a few lines."""
    lines = [
        f"{snapshot.state.capitalize()}: {formatting.count(snapshot.iteration)} iterations in "
        f"{formatting.duration(snapshot.seconds)}, scored by {snapshot.scorer}."
    ]
    best = snapshot.best
    if best is not None:
        lines.append(
            f"Best: {value(best.score)}, {costs(best.cost)}, "
            f"at iteration {formatting.count(snapshot.best_iteration)}."
        )
        if best.score.is_entropy:
            lines.append(f"Entropies: {entropies(best.score)}.")
        lines += bound_lines(snapshot)
    if snapshot.recheck:
        count, ties = len(snapshot.recheck), tied(snapshot.recheck)
        order = f"the first {ties + 1} are a tie" if ties else "the first is significantly ahead"
        lines.append(f"The {count} best were measured by fresh forward passes: {order}.")
    if snapshot.latency is not None:
        lines.append(f"Latency: {latency(snapshot.latency)}.")
    audit = snapshot.audit
    if audit is not None:
        verdict = "they disagree" if audit.discrepant else "they agree"
        lines.append(
            f"Forward passes measured Z {formatting.score(audit.measured)} ± {audit.error:.2f} "
            f"where {formatting.score(audit.predicted)} was predicted: {verdict}."
        )
    return lines


def outcome(snapshot: Snapshot) -> str:
    """What a search came to, with its best structure as a table."""
    best = snapshot.best
    below = ["", table(best.structure)] if best is not None else []
    return "\n".join([*outcome_lines(snapshot), *below])


def ending(saved: Path, snapshot: Snapshot) -> str:
    """What stays in the terminal after the screen: the best, and where it is."""
    best = snapshot.best
    if best is None:
        return f"Saved: {saved}"
    known = "".join(f"{line}\n" for line in bound_lines(snapshot)[:1])
    return f"Best structure: {value(best.score)}, {costs(best.cost)}.\n{known}Saved: {saved}"


def rescue(error: str, snapshot: Snapshot) -> str:
    """A structure that could not be saved, spelled out so that it is not lost."""
    message = f"Error: {error}"
    if snapshot.best is None:
        return message
    text = structure_yaml.dumps(snapshot.best.structure)
    return f"{message}\nThe best structure, to be copied from here:\n{text}"
