"""A search under way: its parts, and what they have found so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.run.audit import Auditor
from engine.run.checkpoint import Checkpoint
from engine.run.history import History
from engine.run.pace import Pace
from engine.scorers.base import Scorer, close
from engine.search.evolution import Evolution
from engine.search.member import Member
from engine.settings import Preset
from engine.snapshot import Phase, Portion, Ranked

if TYPE_CHECKING:
    from engine.latency.budget import LatencyBudget


class Search:
    """Everything about one search that changes; its own thread alone changes it.

    start_from: the checkpoint of an earlier search to go on from.
    scorer, auditor, latency: None before they are made, and where a preset wants none.
    best: None before the first score. bests: every change of it, oldest first. batch: how
    many children are asked for at once, 0 before the scorer is known. timing: how much of
    a latency budget's table is measured, None when it is not being measured. checking:
    the results are being measured once more. recheck: their ranking. error: why the
    search failed, in a sentence.
    """

    def __init__(self, preset: Preset, start_from: Checkpoint | None = None):
        self.preset = preset
        self.evolution = Evolution(preset)
        self.history = History(preset)
        self.pace = Pace()
        self.scorer: Scorer | None = None
        self.auditor: Auditor | None = None
        self.latency: LatencyBudget | None = None
        self.best: Member | None = None
        self.bests: list[Member] = []
        self.batch = 0
        self.timing: Portion | None = None
        self.checking = False
        self.recheck: tuple[Ranked, ...] = ()
        self.error: str | None = None
        self._notes: dict[str, None] = {}
        if start_from is not None:
            self._restore(start_from)

    def _restore(self, start_from: Checkpoint) -> None:
        self.evolution.restore(start_from.evolution)
        self.best = self.evolution.best
        self.pace = Pace(start_from.seconds)
        self.history.restore(start_from.history)
        self.bests = list(start_from.bests)
        if self.best is not None and not self.bests:
            self.bests.append(self.best)  # the best that is left under another budget
        self.batch = start_from.batch

    @property
    def phase(self) -> Phase:
        """What it is at while it runs."""
        if self.timing is not None:
            return "timing"
        return "checking" if self.checking else self.evolution.phase

    def note(self, sentence: str) -> None:
        """Take note of what the user should know; a sentence counts once."""
        self._notes.setdefault(sentence)

    def notices(self) -> tuple[str, ...]:
        """What the user should know of the search and its parts, in the order in which it
        was first heard of."""
        if self.scorer is not None:
            self._notes.update(dict.fromkeys(self.scorer.notices))
        if self.latency is not None:
            self._notes.update(dict.fromkeys(self.latency.notices))
        if self.auditor is not None and self.auditor.trouble:
            self.note(self.auditor.trouble)
        return tuple(self._notes)

    def release(self) -> None:
        """After its end: give back what only a search under way has a use for."""
        self.notices()  # they outlast the parts that they are of
        scorer, self.scorer = self.scorer, None
        close(scorer)
        self.latency = None

    def take_best(self, best: Member) -> None:
        """The evolution has found a new best."""
        self.best = best
        self.bests.append(best)
        if self.auditor is not None:
            self.auditor.submit(best.born, best.structure, best.score)

    def checkpoint(self) -> Checkpoint:
        """What a later search goes on from; to be taken when no proposal waits for its score."""
        return Checkpoint(
            self.evolution.state(),
            self.history.freeze(),
            tuple(self.bests),
            self.pace.seconds,
            self.batch,
        )
