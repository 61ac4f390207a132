"""Which structures are trained: drawn at random, met along a search, its best, the proven
optimum, and what anybody would train at the budget."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from engine.costs import Cost, total_cost
from engine.messages import clipped
from engine.optimum.certificate import Certificate
from engine.optimum.problem import NoOptimum
from engine.optimum.search import Optimum
from engine.scorers.closed_form import ClosedForm
from engine.search.evolution import Evolution, exceeded
from engine.search.member import Member
from engine.search.rules import Rules
from engine.search.sampling import Sampler
from engine.settings import Preset
from engine.structure import Structure
from maedet_tui import formatting
from maedet_tui.errors import SaveError
from maedet_tui.validate import defaults
from maedet_tui.validate.baseline import baseline
from maedet_tui.validate.predictors import Predicted, predicted
from maedet_tui.validate.statistics import FEWEST

RANDOM, ALONG, BEST, OPTIMUM, BASELINE, WEIGHTS = KINDS = (
    "random", "along", "best", "optimum", "baseline", "weights",
)  # fmt: skip
#: draws after which there are taken to be no more structures within the bands
MOST_DRAWS = 100_000
#: children that are scored at a time
_BATCH = 32


class NothingToCompare(SaveError):
    """A validation that could say nothing, with what to change."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Where random structures lie. flops: shares of the budget's FLOPs, least and most. params:
    least and most, None: from half the baseline's to twice those."""

    flops: tuple[float, float] = (0.85, 1.0)
    params: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which structures. random, along: how many. alphas: weights of C1-C5 whose searches' bests
    are trained too (Tables 4 and 8). optimum: seconds that a proof may take, 0 for none."""

    random: int = defaults.RANDOM
    along: int = defaults.ALONG
    alphas: tuple[tuple[float, ...], ...] = ()
    bands: Bands = Bands()
    optimum: float = defaults.PROOF
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """A structure to train. number: from 1. kind: one of KINDS."""

    number: int
    name: str
    kind: str
    structure: Structure
    predicted: Predicted


class Subjects(list[Subject]):
    """Structures without repetition. notes: what was left out, and why."""

    def __init__(self, preset: Preset):
        super().__init__()
        self.notes: list[str] = []
        self._preset = preset

    def take(self, name: str, kind: str, structure: Structure) -> None:
        """Add a structure, unless there is the same already."""
        for one in self:
            if one.structure == structure:
                self.notes.append(f"{name} is the same structure as {one.name}")
                return
        values = predicted(structure, self._preset)
        self.append(Subject(len(self) + 1, name, kind, structure, values))


def chosen(
    preset: Preset, wanted: Wanted, told: Callable[[str], object] = lambda _: None
) -> Subjects:
    """The structures of a validation, the same for the same preset and wishes.

    told: what is being done. Raises NothingToCompare, ScoringError.
    """
    if preset.budget.flops is None:
        raise NothingToCompare(
            f"{preset.name}: has no budget.flops, so its structures would not be of equal cost; "
            "write one"
        )
    found = Subjects(preset)
    told("searching")
    course = searched(preset)
    best = course[-1]
    usual = baseline(preset)
    found.take("best of the search", BEST, best.structure)
    if wanted.optimum > 0:
        told("proving the optimum")
        _take_optimum(found, preset, wanted.optimum)
    if usual is None:
        found.notes.append("no baseline fits the budget")
    else:
        found.take(usual[0], BASELINE, usual[1])
    for number, one in enumerate(_along(course, wanted.along), 1):
        found.take(f"along the search {number}", ALONG, one.structure)
    for alphas in wanted.alphas:
        told(f"searching by {ratio(alphas)}")
        other = replace(preset, objective=replace(preset.objective, alphas=alphas))
        found.take(f"weights {ratio(alphas)}", WEIGHTS, searched(other)[-1].structure)
    told("drawing structures")
    cost = total_cost((usual[1] if usual else best.structure), preset.budget.image_size)
    _draw(found, preset, wanted, cost)
    _refuse_alike(found)
    return found


def ratio(alphas: Sequence[float]) -> str:
    """Weights as the paper's Table 8 has them: 0:0:1:1:6."""
    return ":".join(f"{alpha:g}" for alpha in alphas)


def searched(preset: Preset) -> list[Member]:
    """Every structure that was the best for a time, oldest first, by the preset's own search in
    closed form. Raises ScoringError, NothingToCompare."""
    strategy = preset.schedule.strategy
    if strategy == "exact":
        preset = replace(preset, schedule=replace(preset.schedule, strategy="evolution"))
    evolution, scorer = Evolution(preset), ClosedForm(preset.objective)
    course: list[Member] = []
    while proposals := evolution.ask(_BATCH):
        evolution.tell(zip(proposals, scorer.score([one.structure for one in proposals])))
        if evolution.best is not None and (not course or evolution.best is not course[-1]):
            course.append(evolution.best)
    within = [one for one in course if exceeded(one.cost, preset.budget) is None]
    if not within:
        raise NothingToCompare(f"{preset.name}: its search finds nothing within the budget")
    return within


def _along(course: Sequence[Member], count: int) -> list[Member]:
    """So many structures of a search's course, at even distances of Z."""
    low, high = course[0].score.z, course[-1].score.z
    wished = [low + (high - low) * step / (count + 1) for step in range(1, count + 1)]
    found: list[Member] = []
    for z in wished:
        nearest = min(course[:-1], key=lambda one: abs(one.score.z - z), default=None)
        if nearest is not None and nearest not in found:
            found.append(nearest)
    return found


def _take_optimum(found: Subjects, preset: Preset, seconds: float) -> None:
    try:
        known = _certified(preset, seconds)
    except NoOptimum as error:
        found.notes.append(clipped(f"no optimum: {error}"))
        return
    if known.proven and known.best is not None:
        found.take("proven optimum", OPTIMUM, known.best.structure)
    else:
        took = formatting.duration(seconds)
        found.notes.append(f"the optimum is not proven within {took}, and left out")


def _certified(preset: Preset, seconds: float) -> Certificate:
    optimum, end = Optimum(preset), monotonic() + seconds
    while optimum.step() and monotonic() < end:
        pass
    return optimum.certificate


def _draw(found: Subjects, preset: Preset, wanted: Wanted, usual: Cost) -> None:
    """Add structures drawn at random within the bands. Raises NothingToCompare."""
    budget, bands = preset.budget, wanted.bands
    assert budget.flops is not None
    least, most = (share * budget.flops for share in bands.flops)
    few, many = bands.params or (usual.params // 2, 2 * usual.params)
    rules = Rules(preset.space, budget)
    sampler, rng = Sampler(preset.space, preset.initial), random.Random(wanted.seed)
    taken = {one.structure for one in found}
    made = 0
    for _ in range(MOST_DRAWS):
        if made == wanted.random:
            return
        structure = sampler.draw(rng)
        cost = total_cost(structure, budget.image_size)
        if not (least <= cost.flops <= most and few <= cost.params <= many):
            continue
        if exceeded(cost, budget) or rules.broken(structure.blocks, cost) or structure in taken:
            continue
        made += 1
        taken.add(structure)
        found.take(f"random {made}", RANDOM, structure)
    if made < wanted.random:
        low, high, fewest, most_ = map(formatting.quantity, (least, most, few, many))
        raise NothingToCompare(
            f"of {MOST_DRAWS:,} structures drawn from {preset.name} only {made} have {low} to "
            f"{high} FLOPs and {fewest} to {most_} params; widen --flops-band or --params-band"
        )


def _refuse_alike(found: Subjects) -> None:
    """Raise NothingToCompare where no ranking could come of it."""
    if len(found) < FEWEST:
        there = "is 1" if len(found) == 1 else f"are {len(found)}"
        raise NothingToCompare(
            f"a correlation needs at least {FEWEST} structures, but there {there}; raise "
            "--structures"
        )
    if len({one.predicted.z for one in found}) == 1:
        raise NothingToCompare(
            f"all {len(found)} structures have the same Z, "
            f"{formatting.score(found[0].predicted.z)}, so nothing can be said about it; take a "
            "preset with a wider space"
        )
