"""The inverse question: under which hypothesis are the paper's own structures optimal?

Each is answered by the optimum (`engine.optimum`), which no seed and no luck of a search is in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import process_time
from typing import Any, NamedTuple

from engine.costs import Cost, total_cost
from engine.formats.structure_yaml import from_rows, to_rows
from engine.optimum.certificate import Best
from engine.optimum.search import Optimum
from engine.optimum.worth import skeleton_bound
from engine.scorers.closed_form import ClosedForm
from engine.settings import Preset
from engine.snapshot import gap_to
from engine.structure import Structure
from maedet_tui.reproduce.hypotheses import BASE, TARGETS, Family, Hypothesis, Rule, Target, fits

#: a bound this near to the best structure, as a share, tells hypotheses apart
NEAR = 5e-4
#: seconds of a processor after which a bound is left as it is
SECONDS, VOLUME_SECONDS = 120.0, 20.0


class Answer(NamedTuple):
    """What is best under a hypothesis, beside what the paper prints.

    target: a name of TARGETS. bound: no structure has a higher Z. z, structure: of the best one
    found. printed: Z of the printed structure, and widths: what of its distance its own
    kernels and depths explain with other widths, as a share of `z`; both None where no
    structure is printed, and `widths` also where the reading is not concave.
    """

    target: str
    hypothesis: Hypothesis
    structure: Structure
    z: float
    bound: float
    printed: float | None = None
    widths: float | None = None

    @property
    def cost(self) -> Cost:
        """Of the best structure, at the paper's image size."""
        return total_cost(self.structure)

    @property
    def left(self) -> float | None:
        """By how much the best is above the printed structure, as a share; negative where the
        hypothesis' limits leave that one out."""
        return None if self.printed is None else (self.z - self.printed) / self.z

    def row(self) -> dict[str, Any]:
        """For a file."""
        return {
            "target": self.target,
            "reading": self.hypothesis.reading,
            "flops_limit": self.hypothesis.flops,
            **self.hypothesis.rule._asdict(),
            "z": self.z,
            "bound": self.bound,
            "printed_z": self.printed,
            "by_widths": self.widths,
            **self.cost._asdict(),
            "structure": to_rows(self.structure),
        }


def from_row(row: dict[str, Any]) -> Answer:
    """An answer out of `Answer.row`. Raises KeyError, TypeError, ValueError of anything else."""
    rule = Rule(row["rules"], row["depths"], row["ratio"])
    rule.within(BASE)  # raises ValueError of names that there are not
    if row["target"] not in TARGETS:
        raise ValueError(row["target"])
    printed, widths = row["printed_z"], row["by_widths"]
    return Answer(
        row["target"], Hypothesis(row["reading"], row["flops_limit"], rule),
        from_rows(row["structure"]), float(row["z"]), float(row["bound"]),
        None if printed is None else float(printed), None if widths is None else float(widths),
    )  # fmt: skip


class Question(NamedTuple):
    """A family of hypotheses, and the answers to some of them that are known already."""

    family: Family
    known: tuple[Answer, ...] = ()


def answered(
    question: Question,
    told: Callable[[int], None] = lambda number: None,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[Answer, ...] | None:
    """The answers of a family, in its order; None if stopped before.

    told: called with the number of hypotheses done.
    """
    family, found = question
    target = TARGETS[family.target]
    printed = _printed(target, family.hypotheses[0])
    known = {answer.hypothesis: answer for answer in found}
    for number, hypothesis in enumerate(family.hypotheses):
        told(number)
        if hypothesis in known:
            continue
        answer = _answer(target, hypothesis, list(known.values()), printed, stopped)
        if answer is None:
            return None
        known[hypothesis] = answer
    return tuple(known[hypothesis] for hypothesis in family.hypotheses)


class _Printed(NamedTuple):
    """Z of the printed structure, and the bound of its skeleton where that is known."""

    z: float | None
    skeleton: float | None


def _printed(target: Target, hypothesis: Hypothesis) -> _Printed:
    if (structure := target.structure) is None:
        return _Printed(None, None)
    preset = target.settings(hypothesis._replace(rule=BASE))
    (score,) = ClosedForm(preset.objective).score([structure])
    if preset.objective.size == "volume":
        return _Printed(score.z, None)
    return _Printed(score.z, skeleton_bound(preset, structure)[0])


def _answer(
    target: Target,
    hypothesis: Hypothesis,
    known: Sequence[Answer],
    printed: _Printed,
    stopped: Callable[[], bool],
) -> Answer | None:
    """One answer; None if stopped before. known: of the same family."""
    preset = target.settings(hypothesis)
    allowed = [answer for answer in known if fits(answer.structure, preset)]
    for answer in allowed:
        if hypothesis.rule.within(answer.hypothesis.rule):
            # the best of more is the best of less, where it is among that
            return answer._replace(hypothesis=hypothesis)
    start = max(allowed, key=lambda answer: answer.z, default=None)
    found = _optimum(preset, start and start.structure, stopped)
    if found is None:
        return None
    best, bound = found
    widths = None
    if printed.skeleton is not None and printed.z is not None:
        widths = (printed.skeleton - printed.z) / best.score.z
    return Answer(target.name, hypothesis, best.structure, best.score.z, bound, printed.z, widths)


def _optimum(
    preset: Preset, start: Structure | None, stopped: Callable[[], bool]
) -> tuple[Best, float] | None:
    """The best structure and the bound, as near as NEAR where there is time; None if stopped."""
    best = None
    if start is not None:
        (score,) = ClosedForm(preset.objective).score([start])
        best = Best(start, score, total_cost(start, preset.budget.image_size))
    seconds = VOLUME_SECONDS if preset.objective.size == "volume" else SECONDS
    end = process_time() + seconds
    optimum = Optimum(preset, best)
    while optimum.step():
        if stopped():
            return None
        near = gap_to(optimum.bound, optimum.z) <= NEAR
        if optimum.best is not None and (near or process_time() > end):
            break
    assert optimum.best is not None  # every hypothesis allows some structure
    return optimum.best, optimum.bound
