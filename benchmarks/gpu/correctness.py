"""Whether what a card computes is right; by pytest: `pytest -m gpu tests/gpu`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from benchmarks.gpu import checks, checks_around
from benchmarks.gpu.course import Course, Row, Stage
from benchmarks.gpu.literal import family
from engine.scorers.forward import ForwardScorer

CHECKS = {**checks.CHECKS, **checks_around.CHECKS}


def _part(name: str, check: Callable[[Course], str]) -> Callable[[Course], Iterator[Row]]:
    def run(course: Course) -> Iterator[Row]:
        try:
            found, kept = check(course), True
        except AssertionError as error:
            found, kept = str(error)[:200], False
        yield Row(name, found, "holds", kept)

    return run


def _sanitizer(course: Course) -> Iterator[Row]:
    """The order of work on the streams, by torch's own detector of races; it is a prototype."""
    what = "races, by torch.cuda._sanitizer"
    if course.small:
        yield Row(what, "only on a card; the stand-in has its own")
        return
    from torch.cuda._sanitizer import CUDASanitizer

    structures = family(checks.PLAIN, 12)
    scorer: ForwardScorer = checks.scorer(course)
    scorer.score(structures)
    scorer.vanilla.cache.clear()
    detector = CUDASanitizer()
    detector.enable()
    try:
        scorer.score(family(checks.PLAIN, 24)[12:])
        torch.cuda.synchronize(course.device)
    except Exception as error:
        yield Row(what, f"{type(error).__name__}: {error}"[:300], "none", False)
    else:
        yield Row(what, "none in 12 passes", "none", True)
    finally:
        detector.disable()


_PARTS = {name: _part(name, check) for name, check in CHECKS.items()}
STAGE = Stage("correctness", "What it computes", 4, {**_PARTS, "sanitizer": _sanitizer})
