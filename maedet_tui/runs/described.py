"""What best.yaml says of a search, beside the structure that it found."""

from __future__ import annotations

import contextlib
import platform
from dataclasses import asdict
from datetime import datetime, timezone

from engine.formats.saved_yaml import Saved
from engine.settings import Preset
from engine.snapshot import Candidate, Snapshot
from maedet_tui import summary


def described(preset: Preset, snapshot: Snapshot, best: Candidate) -> Saved:
    """The best of a search, with all that its score depends on."""
    return Saved(
        structure=best.structure,
        score=best.score,
        objective=preset.objective,
        image_size=preset.budget.image_size,
        search={
            "preset": preset.name,
            "seed": preset.schedule.seed,
            "population": preset.schedule.capacity,
            "best_at_iteration": snapshot.best_iteration,
            "iteration": snapshot.iteration,
            "iterations": snapshot.iterations,
            "state": snapshot.state,
            "seconds": round(snapshot.seconds, 3),
            "scorer": snapshot.scorer,
            "scorer_asked": preset.scorer,
            "device_asked": preset.device,
            "audit": _audit(snapshot),
            "warm_start": preset.schedule.warm_start,
            "ranking": _ranking(snapshot),
            "latency": _latency(snapshot),
            "bound": _bound(snapshot),
            "versions": versions(best.score.method),
        },
        created=now(),
    )


def now() -> str:
    """The time in ISO 8601, in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _audit(snapshot: Snapshot) -> dict[str, object] | None:
    """What forward passes made of the best, where a closed-form search had it measured."""
    audit = snapshot.audit
    if audit is None or audit.iteration != snapshot.best_iteration:
        return None
    return {
        "predicted": audit.predicted,
        "measured": audit.measured,
        "error": audit.error,
        "passes": audit.passes,
        "detail": audit.detail,
    }


def _ranking(snapshot: Snapshot) -> dict[str, int] | None:
    """How many of the final structures were measured, and how many tie with the best."""
    if not snapshot.recheck:
        return None
    return {"measured": len(snapshot.recheck), "tied_with_best": summary.tied(snapshot.recheck)}


def _latency(snapshot: Snapshot) -> dict[str, object] | None:
    """Predicted and measured seconds of the best, under a latency budget."""
    return None if snapshot.latency is None else asdict(snapshot.latency)


def _bound(snapshot: Snapshot) -> dict[str, object] | None:
    """What was known of the best possible; gap in percent."""
    bound = snapshot.bound
    if bound is None or bound.value is None:
        return None
    return {
        "value": bound.value,
        "gap": None if bound.gap is None else 100 * bound.gap,
        "proven": bound.proven,
        "without_latency": bound.without_latency,
    }


def versions(method: str) -> dict[str, str]:
    """Versions of what a score by that method depends on."""
    # a search's first paint is there before anything is saved
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for package in ("maedet-tui", "numpy", *(() if method.endswith("closed-form") else ("torch",))):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
