"""What the hypotheses came to, as tables: which fits, structures side by side, and Table 8."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from math import log, sqrt
from statistics import fmean

from engine.blocks import KINDS
from engine.costs import total_cost
from engine.structure import Structure
from maedet_tui import formatting
from maedet_tui.reproduce.hypotheses import (
    ALL,
    BASE,
    DEPTHS,
    FLOPS,
    FREE,
    PRINTED,
    RATIO_ROWS,
    RATIOS,
    READINGS,
    RULES,
    TARGETS,
    Hypothesis,
    Rule,
)
from maedet_tui.reproduce.inverse import NEAR, Answer
from maedet_tui.reproduce.tables import Sheet

Answers = Mapping[tuple[str, Hypothesis], Answer]
#: what structures are shown of, in words
WITH = {FREE: "free depths", BASE: "preset's limits", ALL: "all rules"}
#: hypotheses that the first table has at most; the file of answers has all
MOST = 30


def sheets(answers: Answers) -> list[Sheet]:
    """All of what is known by now."""
    return [_hypotheses(answers), _structures(answers), _ratios(answers), _rules()]


def depths(structure: Structure) -> tuple[int, ...]:
    """Bottlenecks of C2-C5."""
    return tuple(
        sum(block.depth for block in stage if "depth" in KINDS[block.kind].fields)
        for stage in structure.stages[1:]
    )


def moved(one: Structure, other: Structure) -> int:
    """How many bottlenecks one has in a stage where the other has not, over C2-C5."""
    return sum(abs(a - b) for a, b in zip(depths(one), depths(other)))


def _kernels(structure: Structure) -> str:
    """Of C2-C5: 3-5-5-5; 3+5 where a stage has both."""
    return "-".join(
        "+".join(map(str, dict.fromkeys(block.kernel for block in stage)))
        for stage in structure.stages[1:]
    )


def _bottlenecks(structure: Structure) -> str:
    return "-".join(
        "+".join(map(str, dict.fromkeys(block.bottleneck for block in stage)))
        for stage in structure.stages[1:]
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


def _rms(errors: Iterable[float]) -> float | None:
    squares = [error * error for error in errors]
    return sqrt(fmean(squares)) if squares else None


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _params(answers: Iterable[Answer]) -> float | None:
    """RMS of log(params of the best / those printed)."""
    return _rms(log(one.cost.params / TARGETS[one.target].params) for one in answers)


def _widths(answers: Iterable[Answer]) -> float | None:
    """RMS of log(width / the printed one) over C1-C5."""
    errors = []
    for one in answers:
        printed = TARGETS[one.target].structure
        assert printed is not None  # asked of those that have one
        errors += [log(a / b) for a, b in zip(one.structure.widths, printed.widths)]
    return _rms(errors)


def _hypotheses(answers: Answers) -> Sheet:
    """Each hypothesis with its distance from the printed structures, the nearest first."""
    found: dict[Hypothesis, list[Answer]] = {}
    for (_, hypothesis), answer in answers.items():
        found.setdefault(hypothesis, []).append(answer)
    rows = []
    for hypothesis, some in found.items():
        printed = {one.target: one for one in some if one.printed is not None}
        if len(printed) < len(PRINTED):
            continue  # not all of them are answered yet
        ratios = [one for one in some if one.target in RATIO_ROWS]
        shares = [abs(one.left or 0.0) for one in printed.values()]
        away = [_moved(one) for one in printed.values()]
        rows.append((fmean(shares), (
            hypothesis.reading, *hypothesis.rule, hypothesis.flops,
            *(_percent(printed[name].left) for name in PRINTED), _percent(fmean(shares)),
            str(sum(away)), _number(_widths(printed.values())),
            _number(_params(printed.values())),
            _number(_params(ratios)) if len(ratios) == len(RATIO_ROWS) else "-",
        )))  # fmt: skip
    rows.sort(key=lambda row: row[0])
    headings = (
        "reading", "rules", "depths", "bottlenecks", "FLOPs", *PRINTED, "mean", "moved", "widths",
        "params", "Table 8",
    )  # fmt: skip
    notes = (
        "S to Table 11: by how much the best structure's Z is above the printed one's; negative "
        "where the limits leave that one out. mean: of their sizes. moved: "
        "bottlenecks in another stage, of all five together. widths, params, Table 8: RMS of "
        "log(best / printed), the last over the params of its seven rows.",
        f"The best is within {100 * NEAR:g} % of its bound, but for volume, which is not concave.",
        *([f"The nearest {MOST} of {len(rows)}."] if len(rows) > MOST else []),
    )
    return Sheet("inverse", "Hypotheses, by the distance of the paper's structures", headings,
                 tuple(cells for _, cells in rows[:MOST]), notes)  # fmt: skip


def _moved(answer: Answer) -> int:
    printed = TARGETS[answer.target].structure
    assert printed is not None  # asked of those that have one
    return moved(answer.structure, printed)


def _structures(answers: Answers) -> Sheet:
    """Each printed structure beside the best ones: by the letter of the text, with the preset's
    limits and with all rules."""
    rows: list[tuple[str, ...]] = []
    for name in PRINTED:
        target = TARGETS[name]
        assert target.structure is not None  # of those that have one
        rows.append((name, "as printed", "", *_described(target.structure), "-", "-"))
        for reading, rule in product(READINGS, WITH):
            answer = answers.get((name, Hypothesis(reading, FLOPS[0], rule)))
            if answer is not None:
                rows.append((
                    name, reading, WITH[rule], *_described(answer.structure), _percent(answer.left),
                    _percent(answer.widths),
                ))  # fmt: skip
    headings = (
        "search", "best under", "with", "depths C2-C5", "kernels C2-C5", "widths C1-C5",
        "bottlenecks C2-C5", "params", "FLOPs", "Z above", "by widths",
    )  # fmt: skip
    notes = (
        "Z above: by how much Z is above that of the printed structure. by widths: what other "
        "widths of the printed kernels and depths alone would gain.",
    )
    return Sheet("inverse-structures", "The best structures beside the paper's", headings,
                 tuple(rows), notes)  # fmt: skip


def _described(structure: Structure) -> tuple[str, ...]:
    cost = total_cost(structure)
    return (
        "-".join(map(str, depths(structure))), _kernels(structure),
        "-".join(map(str, structure.widths)), _bottlenecks(structure),
        formatting.quantity(cost.params), formatting.quantity(cost.flops),
    )  # fmt: skip


def _ratios(answers: Answers) -> Sheet:
    """Params of Table 8's rows under each reading, with the preset's limits."""
    columns = [Hypothesis(reading, FLOPS[0], BASE) for reading in READINGS]
    rows: list[tuple[str, ...]] = []
    for name in RATIO_ROWS:
        target = TARGETS[name]
        best = [answers.get((name, one)) for one in columns]
        deep = "-" if best[0] is None else "-".join(map(str, depths(best[0].structure)))
        ratio = ":".join(f"{alpha:g}" for alpha in (target.alphas or ())[2:])
        rows.append((
            ratio, formatting.quantity(round(target.params)),
            formatting.quantity(round(target.flops)),
            *("-" if one is None else formatting.quantity(one.cost.params) for one in best),
            deep,
        ))  # fmt: skip
    errors = []
    for one in columns:
        some = [answers[name, one] for name in RATIO_ROWS if (name, one) in answers]
        errors.append(_number(_params(some)))
    rows.append(("RMS of log", "", "", *errors, ""))
    headings = ("C3:C4:C5", "paper params", "paper FLOPs", *READINGS, "depths, nominal")
    return Sheet("inverse-ratios", "Table 8 by the optimum", headings, tuple(rows),
                 ("Params of the best structure with the preset's limits.",))  # fmt: skip


def _rules() -> Sheet:
    """Which rules and limits the printed structures keep to themselves."""
    hypothesis = Hypothesis("nominal", FLOPS[0], BASE)
    base: list[tuple[str, Callable[[str], Rule], tuple[str, ...]]] = [
        ("rules", lambda name: BASE._replace(rules=name), RULES[1:]),
        ("depths", lambda name: BASE._replace(depths=name), DEPTHS[1:]),
        ("bottlenecks", lambda name: BASE._replace(ratio=name), tuple(RATIOS)[1:]),
    ]
    rows = []
    for what, rule, names in base:
        for name in names:
            kept = [TARGETS[one].kept(hypothesis._replace(rule=rule(name))) for one in PRINTED]
            rows.append((what, name, *("yes" if one else "no" for one in kept)))
    return Sheet("inverse-rules", "Which limits the paper's structures keep to", 
                 ("", "limit", *PRINTED), tuple(rows), ())  # fmt: skip
