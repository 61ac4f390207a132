"""Before a search: its scorer, the table of its latency budget, its auditor and its bound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.run.audit import Auditor, forward_auditor
from engine.run.bound import Beside, bounded
from engine.run.search import Search
from engine.scorers.base import Limited, Scorer, Stop
from engine.scorers.factory import make_scorer, makes_passes_by, resolve_device
from engine.snapshot import Portion

if TYPE_CHECKING:
    from engine.scorers.workers.places import MakePlaces

NO_WORKERS = (
    "the closed form is too quick to be shared out, so that no workers are begun; "
    "`scorer: forward` would use them"
)


def prepare(
    search: Search,
    scorer: Scorer | None,
    auditor: Callable[[], Auditor] | None,
    latency_folder: Path | None,
    cancelled: Stop,
    places: MakePlaces | None = None,
) -> Scorer:
    """Give a search the parts that its preset asks for; its scorer is returned.

    scorer, auditor: used in place of those. latency_folder: where measured latencies are
    kept. places: of its workers, by default this machine. Raises ScoringError where they cannot
    be had, and Cancelled.
    """
    preset = search.preset
    warm = preset.schedule.warm_start
    if warm is not None:
        resolve_device(preset.device)  # what is absent behind the search is said before it
    if scorer is None:
        # a proof is one in closed form, on every device
        name = "closed-form" if preset.schedule.exact else warm or preset.scorer
        scorer = _made(search, name, places)
    search.scorer = scorer
    if isinstance(scorer, Limited):
        best = search.best
        scorer.refuse_beyond_memory([preset.initial if best is None else best.structure])
    if preset.budget.latency is not None:
        _prepare_latency(search, latency_folder, cancelled)
    if scorer.method == "closed-form" and warm is None:
        _start_audit(search, auditor)
    if bounded(preset):
        search.beside = Beside(preset, search.found)
    return scorer


def _made(search: Search, name: str, places: MakePlaces | None) -> Scorer:
    preset = search.preset
    wanted = (name, preset.device, preset.objective, preset.forward, preset.schedule.seed)
    if preset.workers is None:
        return make_scorer(*wanted)
    if not makes_passes_by(name, preset.device):
        search.note(NO_WORKERS)
        return make_scorer(*wanted)
    # processes of its own are for few searches
    from engine.scorers.workers.crew import Crew
    from engine.scorers.workers.places import Here
    from engine.scorers.workers.worker import Order

    by_passes = "forward" if name == "auto" else name
    return Crew(Order(by_passes, *wanted[1:]), preset.workers, places or Here)


def _prepare_latency(search: Search, folder: Path | None, cancelled: Stop) -> None:
    from engine.latency.budget import LatencyBudget

    def timed(done: int, of: int) -> None:
        search.timing = Portion(done, of)

    search.latency = budget = LatencyBudget(search.preset, folder)
    budget.prepare(cancelled, timed)
    search.timing = None
    search.evolution.too_slow = budget.exceeded_by


def _start_audit(search: Search, auditor: Callable[[], Auditor] | None) -> None:
    preset, best = search.preset, search.best
    if auditor is not None:
        search.auditor = auditor()
    elif preset.audit:
        search.auditor = forward_auditor(preset.objective, preset.device, preset.forward)
    if search.auditor is not None and best is not None:
        search.auditor.submit(best.born, best.structure, best.score)
