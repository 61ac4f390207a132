"""The report as Markdown, short enough for a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.formats import structure_yaml
from maedet_tui import formatting, summary
from maedet_tui.formatting import one_line
from maedet_tui.report import commands, evidence, facts, swept
from maedet_tui.report.gathering import Reported
from maedet_tui.report.swept import Swept
from maedet_tui.validate.results import Results


def markdown(
    runs: Sequence[Reported],
    problems: Sequence[str] = (),
    validation: Results | None = None,
    sweeps: Sequence[Swept] = (),
) -> str:
    """One run, or several side by side, and sweeps. problems: why some of those asked for are
    not in it. validation: trainings that tell what Z is worth, if there are some."""
    parts = [f"> {_text(problem)}" for problem in problems]
    for sweep in sweeps:
        parts += _sweep(sweep)
    if len(runs) > 1:
        heads, rows = facts.beside(runs)
        parts += [f"# {len(runs)} searches side by side", _table([heads, *rows])]
        if not facts.comparable(runs):
            parts.append("These runs differ in objective or scorer, so their Z do not compare.")
    for run in runs:
        parts += _run(run, "#" if len(runs) == 1 else "##")
    if validation is not None:
        parts += ["## What Z is worth: structures trained", *map(_text, validation.verdicts())]
        parts += [_table(rows) for rows in (evidence.correlations(validation),
                                            evidence.structures(validation))]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _sweep(sweep: Swept) -> list[str]:
    parts = [f"# {_text(sweep.name)}"]
    if sweep.standing:
        parts.append(f"> {_text(sweep.standing)}")
    parts.append(f"Sweep of {len(sweep.searches):,} searches, {sweep.day}.")
    if sweep.front is not None:
        parts += ["## Front", _table(swept.front_rows(sweep.front))]
    else:
        parts.append(f"> There is no front: {_text(sweep.why)}.")
    if found := swept.seeds_of(sweep):
        parts += ["## Spread over seeds", _table(swept.spread_rows(found))]
    parts.append("## Best structures")
    parts += [
        _folded(_text(one.name), _table(summary.rows(one.structure)) + "\n\n"
                + _code(structure_yaml.dumps(one.structure), "yaml"))
        for one in sweep.best
    ]  # fmt: skip
    listed = _table(swept.search_rows(sweep.searches))
    return [
        *parts,
        _folded(f"All {len(sweep.searches):,} searches", listed),
        "To search the same again, as `sweep.yaml` with `maedet-tui sweep start sweep.yaml`:",
        _code(sweep.wanted, "yaml"),
    ]


def _run(run: Reported, level: str) -> list[str]:
    best, paper = run.best, run.paper
    size = run.preset.budget.image_size
    parts = [f"{level} {_text(run.name)}"]
    if run.note:
        parts.append(f"Note: {_text(run.note)}")
    if run.standing:
        parts.append(f"> {_text(run.standing)}")
    parts += [
        f"Best: {_text(summary.value(best.score))}, {summary.costs(best.cost)}, by "
        f"{_text(best.score.detail or best.score.method)}; preset {_text(run.preset.name)}, "
        f"seed {run.preset.schedule.seed}, {_text(run.state)} at iteration "
        f"{formatting.count(run.snapshot.iteration)}.",
        _rows(
            [*facts.result(run), *(("checked: " + name, value) for name, value in facts.audit(run))]
        ),
        *(f"> {_text(said)}" for said in facts.advice(run)),
        _table(summary.rows(best.structure)),
        f"Depth counts bottlenecks. FLOPs at {formatting.image_size(size)}.",
    ]
    if paper is not None:
        parts.append(
            f"{run.whose.capitalize()} {paper.name} ({paper.origin}), to compare: "
            f"{summary.costs(paper.cost)}."
        )
    parts += [
        "To search the same again:",
        _code(commands.again(run), "sh"),
        _folded("Settings and versions", _rows([*facts.settings(run), *facts.environment(run)])),
        _folded(commands.STRUCTURE, _code(structure_yaml.dumps(best.structure), "yaml")),
    ]
    return parts


def _rows(rows: facts.Rows) -> str:
    return _table([["", ""], *(list(row) for row in rows)], right=False)


def _table(rows: Sequence[Sequence[str]], *, right: bool = True) -> str:
    head, *others = ([_text(cell) for cell in row] for row in rows)
    rule = ["---", *(["---:" if right else "---"] * (len(head) - 1))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *others))


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _code(text: str, language: str) -> str:
    """A block that nothing in it can end."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _text(text: str) -> str:
    """Text of a run, which is to be no markup: neither emphasis, links nor HTML, nor a mention."""
    plain = one_line(" ".join(text.split()))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = re.sub(r"([\\`*_{}\[\]|~!])", r"\\\1", plain)
    # what would be a heading, a mention or another issue
    return re.sub(r"([@#])(?=\w)|^#", lambda found: f"&#{ord(found.group()[0])};", plain)
