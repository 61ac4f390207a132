"""What has to be right on a card, as plain functions: `correctness` runs them, and so do the tests.

Each returns what it found, in a few words, and raises AssertionError where that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, sqrt
from statistics import fmean, stdev
from time import perf_counter

import torch

from benchmarks.forward import obvious
from benchmarks.gpu.course import Course
from benchmarks.gpu.literal import chain_of, entropies, family
from engine.scorers.base import Cancelled, never
from engine.scorers.closed_form import ClosedForm
from engine.scorers.forward import ForwardScorer
from engine.settings import Forward, Objective
from engine.structure import Structure
from engine.zoo import ZOO

SMALL = Objective(resolution=64)
DTYPES = (torch.bfloat16, torch.float16, torch.float32)
#: three bottlenecks a stage, narrow: quick, and all kinds of kernels
PLAIN = chain_of(32, 16, (1, 2, 2, 2))
#: seconds after which a stop has to have been heard
PROMPT = 0.2


def scorer(course: Course, objective: Objective = SMALL, **more: object) -> ForwardScorer:
    """A scorer on the card, with little segments for little structures."""
    options: dict[str, object] = {"segment": 1 << 18 if objective is SMALL else 1 << 22} | more
    forward = options.pop("forward", Forward())
    return ForwardScorer(objective, "cuda", forward, **options)  # type: ignore[arg-type]  # any


def closed_form(course: Course) -> str:
    """The mean of passes is what the closed form says, within 3 standard errors and 0.5 %."""
    structure = PLAIN if course.small else ZOO["maedet-m"].structure
    objective, count = course.objective, 4 if course.small else 32
    zs = [one.z for one in scorer(course, objective).passes(structure, count)]
    exact = ClosedForm(objective).score([structure])[0].z
    error = stdev(zs) / sqrt(count)
    apart = abs(fmean(zs) - exact)
    hold(apart < 3 * error + 0.005 * abs(exact), f"passes {fmean(zs):.2f}, closed form {exact:.2f}")
    return f"{apart / abs(exact):.3%} apart, {apart / error:.1f} standard errors"


def obvious_passes(course: Course) -> str:
    """The mean of passes is that of the obvious implementation, within 3 standard errors.

    4 in the stand-in, whose few passes tell a standard error badly.
    """
    structure = PLAIN if course.small else ZOO["maedet-m"].structure
    objective, count = course.objective, 6 if course.small else 32
    ours = [one.z for one in scorer(course, objective).passes(structure, count)]
    theirs = [obvious(structure, objective, course.device) for _ in range(count)]
    error = sqrt((stdev(ours) ** 2 + stdev(theirs) ** 2) / count)
    apart = abs(fmean(ours) - fmean(theirs)) / error
    hold(apart < (4 if course.small else 3), f"{apart:.1f} standard errors apart")
    return f"{apart:.1f} standard errors apart"


def float64(course: Course) -> str:
    """A pass in each number format is the same pass in float64, by the same numbers."""
    worst = {}
    for dtype in DTYPES:
        one = scorer(course, dtype=dtype)
        (found,) = one.passes(PLAIN, 1)
        exact = entropies(PLAIN, one, 0)
        worst[dtype] = max(abs(h - e) for h, e in zip(found.entropies, exact))
        # maps are kept in 16 bits between blocks whatever the format, which is bfloat16's here
        hold(worst[dtype] < 0.1, f"{dtype}: {worst[dtype]:.3f} nats from float64")
    return f"{max(worst.values()):.4f} nats from float64 at most"


def formats(course: Course) -> str:
    """Deep and wide structures have a score in each format, near float32's."""
    deep, wide = (2, 8, 40, 50), (1, 1, 1, 2)
    extremes = {"300 layers": chain_of(64, 16, (1, 2, 6, 8) if course.small else deep)}
    width = 512 if course.small else 4096
    extremes[f"{width} channels"] = chain_of(width, 16 if course.small else 256, wide, 3)
    exact = scorer(course, dtype=torch.float32, segment=1 << 22)
    for name, structure in extremes.items():
        wanted = exact.score([structure])[0].entropies
        for dtype in DTYPES[:2]:
            one = scorer(course, dtype=dtype, segment=1 << 22)
            found = one.score([structure])[0].entropies
            near = all(abs(h - w) < 0.02 * abs(w) + 0.05 for h, w in zip(found, wanted))
            hold(near, f"{name} in {dtype}: {found}, in float32 {wanted}")
            hold(dtype is torch.float16 or not one.notices, f"{name} in {dtype}: {one.notices}")
            one.close()
    return " and ".join(extremes)


def streams(course: Course) -> str:
    """Scores do not depend on streams, batches, or what was scored before."""
    structures = family(PLAIN, 8 if course.small else 200)
    together = scorer(course).score(structures)
    for other in (scorer(course, streams=1), scorer(course, streams=8)):
        other.batch = 3
        for mine, score in zip(together, other.score(structures)):
            hold(abs(mine.z - score.z) <= 1e-3 * abs(mine.z), f"{mine.z} and {score.z}")
    again = scorer(course).score(structures[::-1])[::-1]
    same = sum(a.z == b.z for a, b in zip(together, again))
    return f"{len(structures)} structures, {same} the same to the last digit in another order"


def no_waits(course: Course) -> str:
    """Passes are issued without a wait for the device: torch raises an error at the first."""
    one = scorer(course)
    structures = family(PLAIN, 6)
    one.score(structures)  # draws the weights, for which the host waits
    one.vanilla.cache.clear()
    before = torch.cuda.get_sync_debug_mode() if not course.small else 0
    jobs = [lambda stop, s=s: one.vanilla.run(s, 0, stop) for s in structures]
    torch.cuda.set_sync_debug_mode("error")
    try:
        one._lanes.run(jobs, one._lanes.count, never)
    finally:
        torch.cuda.set_sync_debug_mode(before or "default")
        course.settle()  # nothing here reads the results, and weights may not go before
    return f"{len(jobs)} passes issued without one"


def cancelling(course: Course) -> str:
    """A stop is heard at once, and the scorer is of use afterwards."""
    one = scorer(course)
    asked = [0.0]
    structures = family(PLAIN, 20)

    def stop() -> bool:
        if one.vanilla.macs and not asked[0]:
            asked[0] = perf_counter()
        return bool(asked[0])

    try:
        one.score(structures, stop)
    except Cancelled:
        course.settle()
        taken = perf_counter() - asked[0]
    else:
        raise AssertionError("the stop was not heard")
    hold(course.small or taken < PROMPT, f"heard after {taken:.2f} s")
    score = one.score(structures[:1])[0]
    hold(isfinite(score.z), "no score after a stop")
    return f"{1e3 * taken:.0f} ms from the stop until the device was at rest"


def out_of_memory(course: Course) -> str:
    """What is too much at once is scored in smaller batches, with the same result."""
    objective, segment = (SMALL, 1 << 16) if course.small else (Objective(), 1 << 22)
    structures = family(chain_of(128, 32, (1, 1, 1, 1), 3), 8)
    one = scorer(course, objective, segment=segment)
    one.batch = len(structures)
    together = _peak(course, one, structures)
    single = max(_peak(course, one, [structure]) for structure in structures)
    wanted = scorer(course, objective, segment=segment).score(structures)
    one = scorer(course, objective, segment=segment)
    one.batch = len(structures)
    total = torch.cuda.get_device_properties(course.device).total_memory
    hold(single < together, f"{single} bytes for one, {together} for all")
    torch.cuda.set_per_process_memory_fraction((single + together) / 2 / total)
    try:
        found = one.score(structures)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    hold(len(one.notices) > 0, "memory did not run out")
    for mine, score in zip(found, wanted):
        hold(abs(mine.z - score.z) <= 1e-3 * abs(mine.z), f"{mine.z} and {score.z}")
    return f"from {len(structures)} to {one.batch} at a time, with the same scores"


def _peak(course: Course, one: ForwardScorer, structures: list[Structure]) -> int:
    """Bytes that the allocator had taken at most while structures were scored from nothing."""
    one.close()
    one._results.clear()
    torch.cuda.reset_peak_memory_stats(course.device)
    one.score(structures)
    peak: int = torch.cuda.max_memory_reserved(course.device)
    return peak


def hold(condition: bool, otherwise: str) -> None:
    """Raise AssertionError unless it is so, also where Python is told to leave asserts out."""
    if not condition:
        raise AssertionError(otherwise)


#: in the order of the stage; those of what is around the passes are in `checks_around`
CHECKS: dict[str, Callable[[Course], str]] = {
    "closed form": closed_form,
    "the obvious implementation": obvious_passes,
    "float64": float64,
    "number formats": formats,
    "streams": streams,
    "no waits": no_waits,
    "cancelling": cancelling,
    "running out of memory": out_of_memory,
}
