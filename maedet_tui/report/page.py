"""The report as one HTML page, which needs nothing from anywhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from engine.formats import structure_yaml
from maedet_tui import formatting, summary
from maedet_tui.presets.write import dump
from maedet_tui.report import charts, commands, curves, evidence, facts, tower
from maedet_tui.report.gathering import Reported
from maedet_tui.report.markup import Child, Markup, document, element, trusted
from maedet_tui.report.sweep_page import article as sweep_article
from maedet_tui.report.swept import Swept
from maedet_tui.report.tables import comparison, costs, definitions, folded, section, table
from maedet_tui.structures.comparison import MOST, Comparison
from maedet_tui.validate.results import Results

#: runs that are told of in full on one page; of more, what stands beside each other is enough
IN_FULL = 6
#: changes of the best that are listed, the latest ones
_MOST_CHANGES = 300


def page(
    runs: Sequence[Reported],
    problems: Sequence[str] = (),
    validation: Results | None = None,
    sweeps: Sequence[Swept] = (),
) -> str:
    """The page of one run or of several, and of sweeps. problems: why some of those asked for
    are not on it. validation: trainings that tell what Z is worth, if there are some."""
    names = [one.name for one in sweeps] + [run.name for run in runs]
    title = f"{len(runs)} searches side by side" if len(runs) > 1 else " and ".join(names)
    told = [element("p", problem, class_="notice failed") for problem in problems]
    body: list[Child] = []
    if len(runs) > 1:
        body += [element("header", element("h1", title)), told, _together(runs)]
        told = []
    body += told
    body += map(sweep_article, sweeps)
    if len(runs) <= IN_FULL:
        body += [_article(run) for run in runs]
    else:
        body.append(element(
            "p", f"Of more than {IN_FULL} runs only this is told; a report of one has the rest.",
            class_="muted",
        ))  # fmt: skip
    if validation is not None:
        body.append(section("What Z is worth: structures trained", evidence.section(validation)))
    body.append(_footer())
    style = (Path(__file__).parent / "report.css").read_text("utf-8")
    return document(f"{title} - maedet-tui", trusted(style), *body)


def _article(run: Reported) -> Markup:
    """All about one run."""
    preset, best = run.preset, run.best
    what = f"Preset {preset.name}, {run.day}, {run.state}"
    return element(
        "article",
        element("header", element("h1", run.name), element("p", what, class_="muted"), _note(run)),
        _notices(run),
        _numbers(run),
        section(
            "Result",
            definitions(facts.result(run)),
            [element("p", said, class_="notice") for said in facts.advice(run)],
        ),
        section("Structure", _structure(run)),
        section(
            "How it went", definitions(facts.course(run)), _plots(run), _works(run), _changes(run)
        ),
        section("Closed form, checked by forward passes", definitions(facts.audit(run)))
        if run.snapshot.audit is not None
        else None,
        section("Final ranking, scored again", _ranking(run)) if run.snapshot.recheck else None,
        section("Settings", definitions(facts.settings(run))),
        section("How to use it", *_uses(run)),
        section("How to reproduce it", *_again(run)),
        id=f"run-{run.name}" if best and run.name.isidentifier() else None,
    )


def _note(run: Reported) -> Markup | None:
    """What somebody has written about it."""
    return element("p", f"Note: {run.note}") if run.note else None


def _notices(run: Reported) -> list[Markup]:
    failed = "notice failed" if run.state == "failed" else "notice"
    standing = [element("p", run.standing, class_=failed)] if run.standing else []
    return [*standing, *(element("p", told, class_="notice") for told in run.snapshot.notices)]


def _numbers(run: Reported) -> Markup:
    """What most readers look for, in large."""
    score, cost = run.best.score, run.best.cost
    size = formatting.image_size(run.preset.budget.image_size)
    told = [
        (summary.value(score), score.detail or score.method),
        (formatting.quantity(cost.params), "params"),
        (formatting.quantity(cost.flops), f"FLOPs at {size}"),
        (str(cost.layers), "convolutional layers"),
    ]
    return element(
        "div",
        [element("div", element("b", head), element("span", below)) for head, below in told],
        class_="numbers",
    )


# --- the structure ---------------------------------------------------------------------------


def _structure(run: Reported) -> list[Markup]:
    size, structures = run.preset.budget.image_size, [run.best.structure]
    if run.paper is not None:
        structures.append(run.paper.structure)
    widest = tower.most_channels(*structures)
    parts = [
        table(summary.rows(run.best.structure)),
        element("p", "depth counts bottlenecks; the paper's tables count two as one.",
                class_="muted"),
        element("h3", "Tower"),
        element("div", [
            tower.draw(one, size, title, widest)
            for one, title in zip(structures, _titles(run))
        ], class_="pair"),
        element("p", "Left: size of the maps. Full colour: channels inside the bottlenecks; "
                "pale: channels put out. Height: bottlenecks.", class_="muted"),
        element("h3", "Costs of each block"),
        costs(run.best.structure, size),
    ]  # fmt: skip
    if run.paper is not None:
        shown = Comparison(
            (run.item, run.paper), run.preset.objective, size,
            (run.closed, run.paper.score), {},
        )  # fmt: skip
        parts += [element("h3", f"Beside {run.whose} {run.paper.name}"), *comparison(shown)]
    return parts


def _titles(run: Reported) -> list[str]:
    """Of the towers."""
    ours = f"{run.name}: {summary.costs(run.best.cost)}"
    if run.paper is None:
        return [ours]
    return [ours, f"{run.whose.capitalize()} {run.paper.name}: {summary.costs(run.paper.cost)}"]


# --- the search ------------------------------------------------------------------------------


def _plots(run: Reported) -> Markup:
    drawn = [charts.draw(chart) for chart in curves.charts(run)]
    return element("div", drawn, class_="plots")


def _works(run: Reported) -> list[Markup]:
    """Which mutations made members and new bests, and what refused the others."""
    rows = facts.what_works(run)
    if not rows:
        return []
    return [
        element("h3", "What works"),
        table(rows, left=(5,)),
        element("p", "A child counts by what was changed first; several: by a trade or further "
                "mutations too.", class_="muted"),
    ]  # fmt: skip


def _changes(run: Reported) -> list[Markup]:
    """Each change of the best, and its line of descent as far as that is recorded."""
    found = facts.changes(run)
    if not found:
        return []
    rows = [
        [formatting.count(new.iteration), formatting.score(new.z), f"{gain:+.2f}", new.origin]
        for new, gain in reversed(found[-_MOST_CHANGES:])
    ]
    listed = table([["iteration", "Z", "gain", "by"], *rows], left=(3,))
    parts = [folded(f"Changes of the best: {formatting.count(len(found))}", listed)]
    steps, whole = facts.line_of_descent(run)
    if len(steps) > 1:
        told = [element("p", step) for step in steps]
        if not whole:
            told.append(element("p", "What was before is not recorded.", class_="muted"))
        parts.append(folded(f"Line of descent of the best: {len(steps)} steps", *told))
    return parts


def _ranking(run: Reported) -> Markup:
    rows: list[list[Child]] = [["", "Z", "error", "params", "FLOPs", ""]]
    for place, ranked in enumerate(run.snapshot.recheck, 1):
        score, cost = ranked.candidate.score, ranked.candidate.cost
        rows.append([
            place, formatting.score(score.z), f"± {score.z_error:.2f}",
            formatting.quantity(cost.params), formatting.quantity(cost.flops),
            f"tied with number {place - 1}" if ranked.tied else "",
        ])  # fmt: skip
    return table(rows)


# --- going on with it ------------------------------------------------------------------------


def _uses(run: Reported) -> list[Markup]:
    structure = structure_yaml.dumps(run.best.structure)
    parts = [
        element("p", "Save this as ", element("code", commands.STRUCTURE),
                ", or take the file of that name in the run's folder:"),
        element("pre", structure),
    ]  # fmt: skip
    ways = [
        element(
            "div",
            element("h3", use.format),
            element("p", use.summary[:1].upper() + use.summary[1:] + "."),
            element("pre", use.command),
            element("pre", use.code),
        )
        for use in commands.uses(run)
    ]
    return [*parts, element("div", ways, class_="pair")]


def _again(run: Reported) -> list[Markup]:
    record = run.record
    parts = [element("pre", commands.again(run))]
    if record.parent is not None:
        at = formatting.count(record.parent_iteration or 0)
        parts.append(element(
            "p", f"It went on from another run at its iteration {at}, whose folder is needed.",
            class_="notice",
        ))  # fmt: skip
    parts += [
        element("p", "The same seed finds the same structure again with the same versions: "
                "scores are functions of the structure, the preset and the seed."),
        definitions([("seed", str(run.preset.schedule.seed)), *facts.environment(run)]),
        folded(f"The whole preset ({commands.PRESET})", element("pre", dump(run.preset))),
    ]  # fmt: skip
    return parts


# --- several ---------------------------------------------------------------------------------


def _together(runs: Sequence[Reported]) -> list[Markup]:
    heads, rows = facts.beside(runs)
    parts = [table([heads, *rows], left=(1, 2))]
    if not facts.comparable(runs):
        parts.append(element(
            "p", "These runs differ in objective or scorer, so their Z do not compare.",
            class_="notice",
        ))  # fmt: skip
    parts.append(element("div", charts.draw(curves.together(runs))))
    size = runs[0].preset.budget.image_size
    first = runs[:MOST]
    alike = {(run.preset.objective, run.preset.budget.image_size) for run in first}
    if len(alike) == 1:
        shown = Comparison(
            tuple(run.item for run in first), runs[0].preset.objective, size,
            tuple(run.closed for run in first), {},
        )  # fmt: skip
        parts += comparison(shown)
    return [section("Side by side", parts)]


def _footer() -> Markup:
    made = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return element(
        "footer",
        f"Made by maedet-tui {version('maedet-tui')}, {made}. The method: MAE-DET, Revisiting "
        "Maximum Entropy Principle in Zero-Shot NAS for Efficient Object Detection, ICML 2022.",
    )
