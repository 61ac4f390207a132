"""Passes a second on a card, against the obvious implementation on the same card."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import fmean
from time import perf_counter

import torch

from benchmarks.forward import macs_of, obvious
from benchmarks.gpu.course import Course, Row, Stage
from benchmarks.gpu.environment import least, matmul_rate
from engine.scorers.base import never
from engine.scorers.closed_form import ClosedForm
from engine.scorers.forward import ForwardScorer
from engine.search.evolution import Evolution
from engine.structure import Structure

#: of the issue's targets: times the obvious implementation, and bytes
RATIO, MEMORY = 8.0, 2_000_000_000
#: structures of a comparison, and of a variant; iterations of the search before them
CANDIDATES, SOME, SKIP = 600, 200, 24_000


def excerpt(course: Course, count: int) -> tuple[list[Structure], list[Structure]]:
    """The population after a part of the search, and the next children to score."""
    evolution, closed_form = Evolution(course.preset), ClosedForm(course.preset.objective)
    population, children = list[Structure](), list[Structure]()
    skip = 20 if course.small else SKIP
    while len(children) < count and (proposals := evolution.ask()):
        if evolution.iteration >= skip and not population:
            population = [member.structure for member in evolution.population.members]
        structures = [proposal.structure for proposal in proposals]
        evolution.tell(zip(proposals, closed_form.score(structures)))
        if population:
            children += structures
    return population, children


def _against_the_obvious(course: Course) -> Iterator[Row]:
    """In turns: what else the card does hits both."""
    population, structures = excerpt(course, 6 if course.small else CANDIDATES)
    scorer = ForwardScorer(course.objective, "cuda", course.forward)
    _warm_up(course, scorer, population)
    torch.cuda.reset_peak_memory_stats(course.device)
    ours = theirs = 0.0
    few = 2 if course.small else 8  # of a batch: the obvious takes long
    done, compared = list[Structure](), list[Structure]()
    scorer.vanilla.macs = 0
    for start in range(0, len(structures), scorer.batch):
        batch = structures[start : start + scorer.batch]
        before = perf_counter()
        scorer.score(batch)
        between = perf_counter()
        for structure in batch[:few]:
            obvious(structure, course.objective, course.device)
        ours, theirs = ours + between - before, theirs + perf_counter() - between
        done, compared = done + batch, compared + batch[:few]
        if course.left < 0:
            break
    peak = torch.cuda.max_memory_reserved(course.device)
    rate, slow = len(done) / ours, len(compared) / theirs
    full = sum(2 * macs_of(s, course.objective.resolution) for s in done)
    computed = 2 * scorer.vanilla.macs
    matmul = matmul_rate(course, scorer.dtype)
    yield Row("obvious implementation", f"{slow:.2f} structures/s")
    yield Row("ours", f"{rate:.2f} structures/s, {1e-9 * computed / ours:,.0f} GFLOP/s")
    ratio = rate / slow
    yield Row("ratio", f"{ratio:.1f}", f"{RATIO:g}", None if course.small else ratio >= RATIO)
    yield Row("computed, the rest resumed from parents", f"{computed / full:.0%}")
    share = 1e-9 * computed / ours / matmul
    yield Row("share of a large matrix product's rate", f"{share:.1%} of {matmul:,.0f} GFLOP/s")
    kept = None if course.small else peak <= MEMORY
    yield Row("peak of reserved memory", f"{peak / 1e9:.2f} GB", f"{MEMORY / 1e9:g} GB", kept)
    course.notes["rate"] = rate
    course.notes["per pass"] = ours / len(done)


def _variant(what: str, count: int, batch: int | None, course: Course) -> Iterator[Row]:
    """Rate with some number of streams, or structures at a time."""
    population, structures = excerpt(course, 4 if course.small else SOME)
    scorer = ForwardScorer(course.objective, "cuda", course.forward, streams=count)
    scorer.batch = batch or scorer.batch
    _warm_up(course, scorer, population)
    before = perf_counter()
    scorer.score(structures)
    rate = len(structures) / (perf_counter() - before)
    yield Row(what, f"{rate:.2f} structures/s")
    scorer.close()


def _warm_up(course: Course, scorer: ForwardScorer, population: list[Structure]) -> None:
    """In a search the parents have been scored before; libraries load at their first call."""
    obvious(population[0], course.objective, course.device)
    scorer.score(population[: 2 if course.small else len(population)])
    course.settle()


def _graph(course: Course) -> Iterator[Row]:
    """What a CUDA graph of a whole pass could bring at most: a replay has no launches.

    A graph is of one structure, whose shapes and weights' places it has in it. A child comes
    by once and differs in a width, so a search would capture as often as it scores: graphs
    stay out of it unless capturing and a replay take less than the pass does.
    """
    structure = excerpt(course, 1)[1][0]
    scorer = ForwardScorer(course.objective, "cuda", course.forward, streams=1)
    scorer.score([structure])  # draws the weights, and warms up the libraries
    scorer.vanilla.cache.shrink(0)
    run = partial(scorer.vanilla.run, structure, 0, never)
    lane = torch.cuda.Stream(course.device)
    lane.wait_stream(torch.cuda.current_stream(course.device))
    with torch.inference_mode(), torch.cuda.stream(lane):
        eager = least(course, run)
        course.settle()
        graph = torch.cuda.CUDAGraph()
        before = perf_counter()
        with torch.cuda.graph(graph, stream=lane):
            run()
        capture = perf_counter() - before
        replay = least(course, graph.replay)
    yield Row("one pass alone", f"{1e3 * eager:.2f} ms")
    yield Row("replay of its CUDA graph", f"{1e3 * replay:.2f} ms, captured in {1e3 * capture:.1f}")
    course.notes["eager, capture, replay"] = [eager, capture, replay]


def _compiled(course: Course) -> Iterator[Row]:
    """The obvious implementation by torch.compile: what compiling costs, and brings."""
    what = "obvious, by torch.compile"
    if course.small:
        yield Row(what, "only on a card")
        return
    structure = excerpt(course, 1)[1][0]
    run = partial(obvious, structure, course.objective, course.device)
    plain = least(course, run, 4)
    compiled = torch.compile(run)
    before = perf_counter()
    compiled()
    seconds = perf_counter() - before
    yield Row(what, f"{1e3 * least(course, compiled, 4):.1f} ms a pass, {1e3 * plain:.1f} without")
    yield Row("compiling one structure", f"{seconds:.1f} s")


def _noise(course: Course) -> Iterator[Row]:
    """Single passes of children against the closed form: bias and spread."""
    _, structures = excerpt(course, 4 if course.small else SOME)
    scorer = ForwardScorer(course.objective, "cuda", course.forward)
    exact = ClosedForm(course.objective).score(structures)
    found = scorer.score(structures)
    shares = [one.z / other.z - 1 for one, other in zip(found, exact)]
    yield Row("single passes from the closed form", f"{fmean(shares):+.3%} on average")


_BATCHES = {
    f"batches of {size}": partial(_variant, f"{size} structures at a time", 4, size)
    for size in (8, 128)
}
_STREAMS = {
    f"{count} streams": partial(_variant, f"{count} stream{'s' * (count > 1)}", count, None)
    for count in (1, 2, 4, 8)
}
STAGE = Stage(
    "throughput",
    "Forward passes",
    4,
    {
        "against the obvious": _against_the_obvious,
        **_STREAMS,
        **_BATCHES,
        "noise": _noise,
        "graph": _graph,
        "compiled": _compiled,
    },
)
