"""What a worker does, wherever its process is: it makes one scorer, and uses it when asked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from engine.scorers.base import Limited, Pass, PassScorer, Score, Scorer, Stop, makes_passes
from engine.scorers.factory import make_scorer
from engine.settings import Forward, Objective
from engine.structure import Structure

#: records of one answer that are brought along, the newest
MOST_SAID = 20


class Order(NamedTuple):
    """The scorer that every worker makes; the words are those of `make_scorer`."""

    name: str
    device: str
    objective: Objective
    forward: Forward
    seed: int


class Known(NamedTuple):
    """What a worker says of its scorer once that is there. dtype: number format. piece:
    structures that it runs side by side."""

    detail: str
    dtype: str
    piece: int


class Answer(NamedTuple):
    """values: one for each thing asked about. notices: all of the scorer's so far. said: level
    and text of what was logged meanwhile."""

    values: list[Any]
    notices: tuple[str, ...]
    said: tuple[tuple[int, str], ...]


class Worker:
    """One scorer, on so many threads, asked by one other process.

    called_off: the number of the last call that nobody waits for any more.
    """

    def __init__(self, threads: int, called_off: Callable[[], int]):
        self._threads = threads
        self._called_off = called_off
        self._said = _Said()
        self._scorer: Scorer | None = None

    def prepare(self) -> None:
        """Import what takes long."""
        self._said.listen()
        import torch  # noqa: F401

    def begin(self, order: Order, dtype: str | None) -> Known:
        """Make the scorer. dtype: the number format of the others, None of the first.

        Raises ScoringError.
        """
        import torch

        torch.set_num_threads(self._threads)
        self._scorer = scorer = make_scorer(*order, dtype=dtype)
        chosen = str(getattr(scorer, "dtype", "")).removeprefix("torch.")
        # a scorer asks for four structures a lane, so that few wait for the last one
        return Known(scorer.detail, chosen, max(1, scorer.batch // 4))

    def work(self, call: int, task: str, items: Sequence[Any], arguments: Any) -> Answer:
        """Do a task (of TASKS) to items. Raises ScoringError, and Cancelled."""
        assert self._scorer is not None  # it has begun
        do = TASKS[task]
        values = do(self._scorer, items, arguments, lambda: self._called_off() >= call)
        return Answer(list(values), tuple(self._scorer.notices), self._said.taken())


def _score(scorer: Scorer, items: Sequence[Structure], _: Any, stop: Stop) -> list[Score]:
    return scorer.score(items, stop)


def _pass(scorer: Scorer, items: Sequence[Structure], index: int, stop: Stop) -> list[Pass]:
    return _passing(scorer).passes_each(items, index, stop)


def _passes(
    scorer: Scorer, items: Sequence[Structure], which: tuple[int, int], stop: Stop
) -> list[list[Pass]]:
    first, count = which
    return [_passing(scorer).passes(one, count, first, stop) for one in items]


def _summary(
    scorer: Scorer, items: Sequence[tuple[Structure, Sequence[Pass]]], _: Any, stop: Stop
) -> list[Score]:
    return [_passing(scorer).summary(*one) for one in items]


def _described(scorer: Scorer, items: Sequence[int], _: Any, stop: Stop) -> list[str]:
    return [_passing(scorer).described(passes) for passes in items]


def _fit(scorer: Scorer, items: Sequence[Structure], _: Any, stop: Stop) -> Sequence[Structure]:
    if isinstance(scorer, Limited):
        scorer.refuse_beyond_memory(items)
    return items


TASKS: dict[str, Callable[[Scorer, Sequence[Any], Any, Stop], Sequence[Any]]] = {
    "score": _score,
    "pass": _pass,
    "passes": _passes,
    "summary": _summary,
    "described": _described,
    "fit": _fit,
}


def _passing(scorer: Scorer) -> PassScorer:
    assert makes_passes(scorer)  # none other is asked
    return scorer


class _Said(logging.Handler):
    """Keeps what the engine logs here for whoever asks, whose log is the one that is read."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._records: list[tuple[int, str]] = []

    def listen(self) -> None:
        """Hear all of this process."""
        logging.captureWarnings(True)
        if self not in logging.root.handlers:
            logging.root.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append((record.levelno, self.format(record)))
        del self._records[:-MOST_SAID]

    def taken(self) -> tuple[tuple[int, str], ...]:
        """What was said since this was last asked."""
        said, self._records = tuple(self._records), []
        return said
