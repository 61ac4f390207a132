"""The paper's structures and the ResNets under a sweep's objective, to stand beside it."""

from __future__ import annotations

from pathlib import Path

from engine.costs import total_cost
from engine.zoo import ZOO
from maedet_tui.presets.reading import parse
from maedet_tui.screens.sweep.views import Known
from maedet_tui.structures.known import closed_form
from maedet_tui.sweep.store import SweepStore

_SHOWN = ("maedet-s", "maedet-m", "maedet-l", "resnet-50", "resnet-101")


def published(folder: Path) -> tuple[Known, ...]:
    """Z and FLOPs of the best known; none where the searches differ in what they maximise, or
    it is not the entropy in closed form. Raises StoreError."""
    with SweepStore(folder) as store:
        searches = store.searches()
        presets = {parse(store.preset_text(one.number)) for one in searches[:1]}
        varied = {key for one in searches for key, _ in one.varied}
    if not presets or any(key.startswith(("score", "preset", "budget.image")) for key in varied):
        return ()
    preset = presets.pop()
    if preset.scorer not in ("auto", "closed-form"):
        return ()
    entries = [ZOO[name] for name in _SHOWN]
    size = preset.budget.image_size
    scores = closed_form(preset.objective, [one.structure for one in entries])
    return tuple(
        Known(one.title, total_cost(one.structure, size).flops, score.z)
        for one, score in zip(entries, scores, strict=True)
    )
