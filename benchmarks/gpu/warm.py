"""A search that is begun in closed form, as presets ask for it: its best are measured on the card.

It is what a search by passes comes to without spending passes on the way there. What runs are the
parts that the program's own searches are made of, on this thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from time import perf_counter

from benchmarks.gpu.course import Course, Row, Stage
from engine.run.finishing import finish
from engine.run.loop import Loop
from engine.run.preparing import prepare
from engine.run.publishing import Publisher
from engine.run.search import Search
from engine.run.wishes import Wishes
from engine.scorers.base import never
from engine.scorers.forward import ForwardScorer


def _warm(course: Course) -> Iterator[Row]:
    plain = course.preset
    schedule = replace(plain.schedule, warm_start="closed-form")
    # a bound would be computed beside it, by a process that shares the machine
    preset = replace(plain, schedule=schedule, scorer="forward", device="cuda", bound=False)
    search = Search(preset)
    publisher = Publisher(search)
    began = perf_counter()
    scorer = prepare(search, None, None, None, never)
    Loop(search, scorer, publisher, Wishes(publisher, search.pace)).run()
    best, members = search.best, search.evolution.population.members[::-1]
    assert best is not None
    yield Row(
        f"{search.evolution.iterations:,} iterations in closed form",
        f"{perf_counter() - began:.1f} s on one core, best Z {best.score.z:.1f}",
    )
    began = perf_counter()
    finish(search, scorer, never)
    seconds, ranking = perf_counter() - began, search.recheck
    first = ranking[0].candidate
    tied = 1 + len(list(takewhile(lambda place: place.tied, ranking[1:])))
    (place,) = (at for at, one in enumerate(members, 1) if one.structure == first.structure)
    yield Row(
        f"the first {len(ranking)} measured by fresh passes",
        f"{seconds:.1f} s, {first.score.passes} passes of the first, Z {first.score.z:.1f} "
        f"± {first.score.z_error:.1f}, number {place} of the closed form; {tied} tie",
    )
    search.release()
    passes = ForwardScorer(course.objective, "cuda", course.forward)
    began = perf_counter()
    measured = [score.z for score in passes.score([member.structure for member in members])]
    seconds = perf_counter() - began
    yield Row(f"one pass each of the final {len(members)}", f"{seconds:.1f} s")
    order = correlation([member.score.z for member in members], measured)
    yield Row("rank correlation with the closed form", f"{order:.3f}")


def correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's rank correlation, without a care for ties; 1 for fewer than two."""
    if len(a) < 2:
        return 1.0
    ranks = [sorted(range(len(v)), key=v.__getitem__) for v in (a, b)]
    places = [{item: place for place, item in enumerate(order)} for order in ranks]
    squares = sum((places[0][i] - places[1][i]) ** 2 for i in range(len(a)))
    return 1 - 6 * squares / (len(a) * (len(a) ** 2 - 1))


STAGE = Stage("warm", "Begun in closed form", 1, {"warm start": _warm})
