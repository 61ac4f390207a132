"""What a report says of a run in rows of a name and a value, for a page and for Markdown alike."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from engine.snapshot import NewBest
from engine.structure import LEVELS
from maedet_tui import formatting, summary
from maedet_tui.course import works
from maedet_tui.course.diversity import diversity
from maedet_tui.presets import advice as advising
from maedet_tui.presets.glance import latency as latency_limit
from maedet_tui.report.curves import comparable_z
from maedet_tui.report.gathering import Reported

Rows = list[tuple[str, str]]

#: what became of children, but for those that a budget refused
_FATES = {
    "accepted": "accepted",
    "duplicate": "duplicates",
    "worse": "worse than all of the population",
    "unscored": "without a score",
}


def result(run: Reported) -> Rows:
    """The best: its score, how that was obtained and how sure it is, and what it costs."""
    best, preset = run.best, run.preset
    score, cost = best.score, best.cost
    error = "exact, of the method's own model" if not score.passes else "unknown"
    if score.passes and isfinite(score.z_error):
        error = f"± {score.z_error:.2f}, one standard error of {score.passes} passes"
    rows = [
        ("Z" if score.is_entropy else score.method, formatting.score(score.z)),
        ("obtained by", score.detail or score.method),
        ("error", error),
    ]
    z = comparable_z(run)
    if run.paper is not None and z:
        rows.append((f"{run.whose} {run.paper.name}", _against(run, z)))
    rows += [
        ("params", f"{cost.params:,}"),
        ("FLOPs", f"{cost.flops:,} at {formatting.image_size(preset.budget.image_size)}"),
        ("layers", str(cost.layers)),
    ]
    if score.is_entropy:
        rows.append(("entropies", summary.entropies(score)))
    if run.snapshot.latency is not None:
        rows.append(("latency", summary.latency(run.snapshot.latency)))
    rows.append(("found", f"at iteration {formatting.count(run.snapshot.best_iteration)}"))
    return rows


def _against(run: Reported, z: float) -> str:
    """How far the best is from the paper's, and what both cost."""
    assert run.paper is not None
    off = 100 * (run.best.score.z - z) / abs(z)
    ours, theirs = (formatting.quantity(c.flops) for c in (run.best.cost, run.paper.cost))
    return (
        f"Z {formatting.score(z)}: the best is {abs(off):.2f} % {'above' if off >= 0 else 'below'} "
        f"it, at {ours} FLOPs against {theirs}"
    )


def advice(run: Reported) -> list[str]:
    """What a person would not train about the best, and the key that prevents it."""
    gap = advising.known_gap(run.snapshot.bound)
    return advising.lines(run.best.structure, run.preset, gap)


def settings(run: Reported) -> Rows:
    """What was asked for."""
    preset = run.preset
    budget, objective, schedule = preset.budget, preset.objective, preset.schedule
    limits = [
        f"{formatting.short_quantity(limit)} {what}"
        for limit, what in ((budget.flops, "FLOPs"), (budget.params, "params"))
        if limit is not None
    ]
    limits += [f"{budget.layers} layers"] if budget.layers is not None else []
    limits += [latency_limit(budget.latency)] if budget.latency is not None else []
    space = preset.space
    alphas = ":".join(f"{alpha:g}" for alpha in objective.alphas)
    return [
        ("preset", f"{preset.name}: {preset.description}" if preset.description else preset.name),
        ("budget", ", ".join(limits) or "none"),
        ("image size", formatting.image_size(budget.image_size)),
        ("Z", f"alphas {alphas} of C1-C5, {objective.size} sizes, {objective.activation}, "
              f"{objective.resolution}x{objective.resolution}"),
        ("space", f"{' and '.join(space.blocks)}, kernels {', '.join(map(str, space.kernels))}, "
                  f"widths in steps of {space.width_step} to {formatting.count(space.max_width)}"),
        ("search", f"{schedule.strategy}, population {schedule.population}, "
                   f"{formatting.count(schedule.iterations)} iterations, "
                   f"fine from {100 * schedule.fine_at:g} %"),
        ("seed", str(schedule.seed)),
        ("scorer", f"{run.snapshot.scorer} (asked for: {preset.scorer}, device {preset.device})"),
    ]  # fmt: skip


def course(run: Reported) -> Rows:
    """How the search went."""
    snapshot = run.snapshot
    counts = snapshot.counts
    total = sum(counts.values())
    fates = sorted(counts.items(), key=lambda pair: -pair[1])
    rows = [
        ("state", run.state),
        ("iterations", f"{formatting.count(snapshot.iteration)} of "
                       f"{formatting.count(snapshot.iterations)} in "
                       f"{formatting.duration(snapshot.seconds)}, "
                       f"{formatting.rate(snapshot.rate)}"),
        ("children", ", ".join(
            f"{formatting.count(n)} {_FATES.get(reason, f'over the budget of {reason}')} "
            f"({formatting.percent(n, total)})"
            for reason, n in fates) or "none yet"),
    ]  # fmt: skip
    if snapshot.switched_at is not None:
        rows.append(("fine mutation", f"from iteration {formatting.count(snapshot.switched_at)}"))
    if snapshot.members:
        found = diversity(member.structure for member in snapshot.members)
        depths, widths = (", ".join(str(one[i]) for one in found) for i in (1, 2))
        count = formatting.count(len(snapshot.members))
        rows.append(("population", f"{count} structures; different depths of {', '.join(LEVELS)}: "
                     f"{depths}, widths: {widths}"))  # fmt: skip
    return rows


def what_works(run: Reported) -> list[list[str]]:
    """What became of the children by what was changed first, then by stage, under headings;
    empty where that was not recorded."""
    tally = run.snapshot.tally
    rows = [
        [
            line.name, formatting.count(line.tried), formatting.count(line.accepted),
            formatting.percent(line.accepted, line.tried), formatting.count(line.bests),
            works.refuses_most(line.fates) or "-",
        ]
        for line in (*works.by_field(tally), *works.by_stage(tally))
    ]  # fmt: skip
    heads = ["changed", "tried", "accepted", "", "new bests", "most refused"]
    return [heads, *rows] if rows else []


def audit(run: Reported) -> Rows:
    """The closed form of the best beside what forward passes measured of it."""
    found = run.snapshot.audit
    if found is None:
        return []
    verdict = "they disagree: more than 4 errors apart" if found.discrepant else "they agree"
    rows = [
        ("predicted", f"Z {formatting.score(found.predicted)} in closed form"),
        ("measured", f"Z {formatting.score(found.measured)} ± {found.error:.2f} "
                     f"by {found.passes} passes"),
        ("difference", f"{found.predicted - found.measured:+.2f}: {verdict}"),
        ("of", f"the best of iteration {formatting.count(found.iteration)}; "
               f"{found.audited} bests were measured"),
    ]  # fmt: skip
    return [*rows, ("how", found.detail)] if found.detail else rows


def environment(run: Reported) -> Rows:
    """Where it was searched; neither the machine's name nor anybody's paths are told."""
    rows: Rows = []
    for number, session in enumerate(run.sessions, 1):
        versions = ", ".join(f"{name} {version}" for name, version in session.versions)
        told = f"{versions}; {session.platform}"
        if session.processors is not None:
            told += f", {session.processors} processors"
        if session.from_iteration:
            told += f"; from iteration {formatting.count(session.from_iteration)} on"
        rows.append(("versions" if number == 1 else f"process {number}", told))
    return rows


def changes(run: Reported) -> list[tuple[NewBest, float]]:
    """Each change of the best and what Z gained by it, oldest first."""
    found, before = [], None
    for member in run.lineage:
        z = member.score.z
        gain = z - before if before is not None else 0.0
        found.append((NewBest(member.born, z, str(member.origin)), gain))
        before = z
    return found


def line_of_descent(run: Reported) -> tuple[list[str], bool]:
    """The mutations that made the best, newest first, as far back as they are recorded; whether
    that is to the initial structure."""
    steps = run.snapshot.lineage
    told = [
        f"iteration {formatting.count(step.born)}, Z {formatting.score(step.z)}: {step.origin}"
        for step in reversed(steps)
    ]
    return told, bool(steps) and steps[0].parent is None


def beside(runs: Sequence[Reported]) -> tuple[list[str], list[list[str]]]:
    """Several runs as a table: its headings, and a row for each, best Z first as they stand."""
    heads = ["", "run", "preset", "seed", "best Z", "error", "params", "FLOPs", "layers",
             "iterations", "widths of C1-C5"]  # fmt: skip
    rows = []
    for number, run in enumerate(runs, 1):
        score, cost = run.best.score, run.best.cost
        error = "-"
        if score.passes and isfinite(score.z_error):
            error = f"± {score.z_error:.2f}"
        rows.append([
            str(number), run.name, run.preset.name, str(run.preset.schedule.seed),
            formatting.score(score.z), error, formatting.quantity(cost.params),
            formatting.quantity(cost.flops), str(cost.layers),
            formatting.count(run.snapshot.iteration), " ".join(map(str, run.best.structure.widths)),
        ])  # fmt: skip
    return heads, rows


def comparable(runs: Sequence[Reported]) -> bool:
    """Whether the Z of these runs mean the same: one objective, one way to obtain it."""
    judged = {
        (run.preset.objective, run.best.score.method,
         run.preset.forward.batch if run.best.score.by_images else None)
        for run in runs
    }  # fmt: skip
    return len(judged) == 1
