"""A search that is begun in closed form: its final population, measured by passes on the card.

It is what a search by passes comes to without spending passes on the way there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter

from benchmarks.gpu.course import Course, Row, Stage
from engine.scorers.closed_form import ClosedForm
from engine.scorers.forward import ForwardScorer
from engine.scorers.recheck import recheck
from engine.search.evolution import Evolution


def _warm(course: Course) -> Iterator[Row]:
    evolution, closed_form = Evolution(course.preset), ClosedForm(course.objective)
    began = perf_counter()
    while proposals := evolution.ask():
        scores = closed_form.score([proposal.structure for proposal in proposals])
        evolution.tell(zip(proposals, scores))
    members = evolution.population.members[::-1]
    yield Row(
        f"{evolution.iterations:,} iterations in closed form",
        f"{perf_counter() - began:.1f} s on one core, best Z {members[0].score.z:.1f}",
    )
    scorer = ForwardScorer(course.objective, "cuda", course.forward)
    structures = [member.structure for member in members]
    began = perf_counter()
    measured = [score.z for score in scorer.score(structures)]
    seconds = perf_counter() - began
    yield Row(f"one pass each of the final {len(members)}", f"{seconds:.1f} s")
    order = correlation([member.score.z for member in members], measured)
    yield Row("rank correlation with the closed form", f"{order:.3f}")
    keep = 2 if course.small else course.preset.schedule.keep
    began = perf_counter()
    ranked = recheck(structures[:keep], scorer, max_passes=2 if course.small else 32)
    first = ranked[0]
    yield Row(
        f"the first {keep} checked by fresh passes",
        f"{perf_counter() - began:.1f} s, Z {first.score.z:.1f} ± {first.score.z_error:.1f}, "
        f"number {first.position + 1} of the closed form first",
    )


def correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's rank correlation, without a care for ties; 1 for fewer than two."""
    if len(a) < 2:
        return 1.0
    ranks = [sorted(range(len(v)), key=v.__getitem__) for v in (a, b)]
    places = [{item: place for place, item in enumerate(order)} for order in ranks]
    squares = sum((places[0][i] - places[1][i]) ** 2 for i in range(len(a)))
    return 1 - 6 * squares / (len(a) * (len(a) ** 2 - 1))


STAGE = Stage("warm", "Begun in closed form", 1, {"warm start": _warm})
