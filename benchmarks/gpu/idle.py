"""How long the card has nothing to do between two batches of a search.

The host reads the results of a batch, for which it waits, and has given out no work by then. What
it does until it issues the next batch (scores are told, children are made, their costs and memory
are reckoned) is time that the card idles. It is the same work beside a stand-in as beside a card.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import thread_time
from typing import Any
from unittest import mock

import torch

from benchmarks.gpu.course import Course, Row
from engine.scorers import forward
from engine.scorers.activation_cache import Measured
from engine.scorers.closed_form import ClosedForm
from engine.scorers.forward import ForwardScorer
from engine.search.evolution import Evolution
from engine.structure import Structure


class Gaps:
    """Seconds of this thread's processor time between batches. passes: of those batches."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.passes = 0
        self._read: float | None = None

    def issued(self, passes: int) -> None:
        """A batch is about to be issued."""
        if self._read is not None:
            self.seconds.append(thread_time() - self._read)
            self.passes += passes

    def read(self) -> None:
        """The results of a batch are there."""
        self._read = thread_time()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What is done within does not count."""
        began = thread_time()
        yield
        if self._read is not None:
            self._read += thread_time() - began

    def told(self) -> str:
        """In a line."""
        seconds = sum(self.seconds)
        batch, one = 1e3 * seconds / len(self.seconds), 1e6 * seconds / self.passes
        return f"{batch:.1f} ms after a batch, {one:.0f} µs a pass"


@contextmanager
def gaps_of(scorer: ForwardScorer) -> Iterator[Gaps]:
    """Watch the batches of a scorer."""
    gaps, lanes = Gaps(), scorer._lanes
    run, entropies = lanes.run, forward._entropies

    def issuing(jobs: Any, *rest: Any) -> Any:
        gaps.issued(len(jobs))
        return run(jobs, *rest)

    def reading(passes: Any) -> Any:
        values = entropies(passes)
        gaps.read()
        return values

    with (
        mock.patch.object(lanes, "run", issuing),
        mock.patch.object(forward, "_entropies", reading),
    ):
        yield gaps


def between_batches(course: Course) -> Iterator[Row]:
    """The host's work in a search of M, of full size in the stand-in too: passes are not made,
    their results are the closed form's."""
    preset = replace(course, small=False).preset
    evolution, closed_form = Evolution(preset), ClosedForm(preset.objective)
    scorer = ForwardScorer(preset.objective, "cuda", preset.forward)
    variance = torch.tensor([1.0, 0.0], device=course.device)
    entropies: dict[Structure, tuple[float, ...]] = {}

    def made_before(_vanilla: Any, structure: Structure, *_: Any) -> tuple[Measured, ...]:
        return tuple(Measured(variance, 1, h) for h in entropies[structure])

    most = 100 if course.small else 1000
    with mock.patch.object(scorer, "_run", made_before), gaps_of(scorer) as gaps:
        while len(gaps.seconds) < most and (proposals := evolution.ask(scorer.batch)):
            structures = [proposal.structure for proposal in proposals]
            with gaps.apart():
                scores = closed_form.score(structures)
                entropies |= {s: score.entropies for s, score in zip(structures, scores)}
            evolution.tell(zip(proposals, scorer.score(structures)))
    yield Row("the card waits for the host", f"{gaps.told()}, {len(gaps.seconds)} batches of M")
