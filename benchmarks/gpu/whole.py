"""The whole forward search of M, T = 96,000, as far as the time goes."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import torch

from benchmarks.gpu.course import Course, Row, Stage
from benchmarks.gpu.idle import between_batches, gaps_of
from benchmarks.gpu.throughput import MEMORY
from engine.scorers.closed_form import ClosedForm
from engine.scorers.forward import ForwardScorer
from engine.search.evolution import Evolution

#: seconds that 96,000 iterations may take
LONGEST = 600.0


def _search(course: Course) -> Iterator[Row]:
    preset = course.preset
    evolution = Evolution(preset)
    scorer = ForwardScorer(course.objective, "cuda", course.forward)
    torch.cuda.reset_peak_memory_stats(course.device)
    marks = [(0.0, 0)]
    began, passes = perf_counter(), 0
    with gaps_of(scorer) as gaps:
        while course.left > 0 and (proposals := evolution.ask(scorer.batch)):
            scores = scorer.score([proposal.structure for proposal in proposals])
            evolution.tell(zip(proposals, scores))
            passes += len(proposals)
            marks.append((perf_counter() - began, evolution.iteration))
    taken, done = marks[-1]
    whole, best = evolution.iterations, evolution.best
    assert best is not None
    yield Row("iterations", f"{done:,} of {whole:,}")
    yield Row("scored", f"{passes:,}, the others over the budget or known")
    if done == whole:
        seconds, how = taken, "measured"
    else:
        # later children are larger than early ones: the second half of the time tells
        half = next(mark for mark in marks if mark[0] >= taken / 2)
        rate = (done - half[1]) / (taken - half[0]) if taken > half[0] else done / taken
        seconds, how = taken + (whole - done) / max(rate, 1e-9), "extrapolated"
        if evolution.phase == "coarse":
            how += ", no fine mutation seen"
    kept = None if course.small else seconds <= LONGEST
    text = f"{seconds:,.0f} s, {how} from {taken:,.0f} s"
    yield Row("the whole search", text, f"{LONGEST:g} s", kept)
    yield Row("iterations a second", f"{done / taken:.0f}")
    if gaps.seconds:
        share = "" if course.small else f", {sum(gaps.seconds) / taken:.1%} of the time"
        yield Row("the card waited for the host", gaps.told() + share)
    peak = torch.cuda.max_memory_reserved(course.device)
    kept = None if course.small else peak <= MEMORY
    yield Row("peak of reserved memory", f"{peak / 1e9:.2f} GB", f"{MEMORY / 1e9:g} GB", kept)
    exact = ClosedForm(course.objective).score([best.structure])[0].z
    yield Row("best Z so far", f"{best.score.z:.1f} by one pass, {exact:.1f} in closed form")
    for notice in scorer.notices:
        yield Row("notice", notice)


PARTS = {"between batches": between_batches, "search": _search}
STAGE = Stage("whole", "The whole search of M by passes", 5, PARTS)
