"""A search under way: its parts, and what they have found so far."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.run.audit import Auditor
from engine.run.bound import Beside
from engine.run.checkpoint import Checkpoint
from engine.run.history import History
from engine.run.pace import Pace
from engine.scorers.base import Scorer, close
from engine.search.evolution import Evolution
from engine.search.member import Member
from engine.settings import Preset
from engine.snapshot import Bound, Phase, Portion, Ranked

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
    search failed, in a sentence. beside: what bounds the best possible meanwhile; found: that
    bound where the search itself, or an earlier part of it, knows one. exactly: what a proof
    is at, None in an evolution.
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
        self.beside: Beside | None = None
        self.found: Bound | None = None
        self.exactly: Phase | None = None
        self._closed: tuple[Member | None, float | None] = (None, None)
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
        self.found = start_from.bound

    @property
    def phase(self) -> Phase:
        """What it is at while it runs."""
        if self.timing is not None:
            return "timing"
        return "checking" if self.checking else self.searching

    @property
    def searching(self) -> Phase:
        """What it is at, measuring apart."""
        return self.exactly or self.evolution.phase

    def bound(self) -> Bound | None:
        """What is known of the best possible, None where nothing is to be had."""
        found = self.found if self.beside is None else self.beside.latest
        return None if found is None else replace(found, z=self._closed_z())

    def _closed_z(self) -> float | None:
        """Z of the best in closed form, which a bound is one on."""
        best = self.best
        if best is None or best.score.method == "closed-form":
            return None if best is None else best.score.z
        if self._closed[0] is not best:
            # passes need nothing of it but here
            from engine.scorers.closed_form import ClosedForm

            (expected,) = ClosedForm(self.preset.objective).score([best.structure])
            self._closed = best, expected.z
        return self._closed[1]

    def enough(self) -> bool:
        """Whether the best is as near to the best possible as the preset asks for, or the time
        is over; a note says so."""
        schedule = self.preset.schedule
        if schedule.time_limit is not None and self.pace.seconds >= schedule.time_limit:
            self.note("ended by search.time_limit")
            return True
        bound = self.bound() if schedule.stop_gap is not None else None
        if bound is None or bound.gap is None or bound.gap > (schedule.stop_gap or 0.0):
            return False
        self.note("ended by search.stop_gap: the best is as near to the best possible as that asks")
        return True

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
        for part in (self.auditor, self.beside):
            if part is not None and part.trouble:
                self.note(part.trouble)
        return tuple(self._notes)

    def release(self) -> None:
        """After its end: give back what only a search under way has a use for."""
        self.notices()  # they outlast the parts that they are of
        scorer, self.scorer = self.scorer, None
        close(scorer)
        self.latency = None
        if self.beside is not None:
            self.beside.close()

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
            self.bound(),
        )
