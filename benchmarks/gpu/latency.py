"""The table of latencies on a card, against whole backbones that are measured."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean, median
from time import perf_counter

from benchmarks.gpu.checks_around import hurried
from benchmarks.gpu.course import Course, Row, Stage
from benchmarks.gpu.literal import chain_of
from benchmarks.latency import walk
from engine.latency.budget import latency_of
from engine.scorers.base import Cancelled
from engine.settings import Budget, Preset
from engine.zoo import ZOO

#: mean of the absolute errors that there may be, and structures that tell
MOST, STRUCTURES = 0.10, 50


def _table(course: Course) -> Iterator[Row]:
    initial = ZOO["initial"].structure
    size = (32, 32) if course.small else (384, 384)
    budget = Budget(image_size=size, latency=1.0)
    preset = Preset("latency", initial, budget, device="cuda")
    latency = latency_of(preset, None)
    if course.small:  # timing every family takes a minute; what is asked for is timed anyway
        structures = [chain_of(16, 8, (1, 1, 1, 1), 3)]
    else:
        began = perf_counter()
        try:
            latency.build(preset.space, initial, lambda: course.left < 0)
        except Cancelled:
            yield Row("table", f"{len(latency.grids)} families in the time there was")
            return
        yield Row("table", f"{len(latency.grids)} families in {perf_counter() - began:.0f} s")
        yield Row("whole over the sum of operations", f"{latency.factors.get('', 1.0):.2f}")
        structures = walk(preset, STRUCTURES)
    errors = []
    with hurried(course):
        for structure in structures:
            errors.append(latency(structure) / latency.measure(structure) - 1)
            if course.left < 0:
                break
    found = fmean(map(abs, errors))
    kept = None if course.small else found <= MOST
    yield Row(f"{len(errors)} structures off on average", f"{found:.1%}", f"{MOST:.0%}", kept)
    yield Row("in the median", f"{median(map(abs, errors)):.1%}")
    yield Row("mean error", f"{fmean(errors):+.1%}")


STAGE = Stage("latency", "Latencies", 2, {"table": _table})
