"""What may predict a detector's AP without training it: Z and its rivals.

All in closed form, so that a structure has one value of each, without noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from engine.costs import total_cost
from engine.scorers.base import ScoringError
from engine.scorers.factory import make_scorer
from engine.settings import CLOSED, PROXIES, Preset
from engine.structure import Structure
from maedet_tui.store import cells
from maedet_tui.validate.statistics import FEWEST, spearman

#: key -> what people call it; Z first, which the others are rivals of
NAMES = {
    "z": "Z",
    "params": "params",
    "flops": "FLOPs",
    "layers": "depth",
    "zen_score": "Zen-Score",
    "synflow": "SynFlow",
    "naswot": "NASWOT",
}
RIVALS = tuple(NAMES)[1:]
#: rho between two predictors from which on they rank nearly alike
ALIKE = 0.9


class Predicted(NamedTuple):
    """A structure's values, at the preset's image size and objective; None of a proxy that has
    none for it."""

    z: float
    params: int
    flops: int
    layers: int
    zen_score: float | None
    synflow: float | None
    naswot: float | None

    @classmethod
    def checked(cls, row: Any) -> Predicted:
        """Out of a database's row or a file's line. Raises one of `codec.DAMAGE`."""
        maybe = cells.maybe
        return cls(
            cells.real(row["z"], "score"),
            cells.whole(row["params"], "params"),
            cells.whole(row["flops"], "FLOPs"),
            cells.whole(row["layers"], "layers"),
            maybe(cells.real, row["zen_score"], "Zen-Score"),
            maybe(cells.real, row["synflow"], "SynFlow"),
            maybe(cells.real, row["naswot"], "NASWOT"),
        )


def alike(rows: Sequence[Predicted]) -> str | None:
    """Which rivals rank structures nearly as Z does, so that no training will tell them apart, as
    a sentence; None where there is no such rival."""
    found = []
    for name in RIVALS:
        known = [(one.z, value) for one in rows if (value := getattr(one, name)) is not None]
        if len(known) < FEWEST:
            continue
        rho = spearman(*zip(*known, strict=True))
        if rho >= ALIKE:  # which nan is not
            found.append(f"{NAMES[name]} ({rho:.2f})")
    if not found:
        return None
    return (
        f"Z ranks these structures nearly as {', '.join(found)} do{'es' if len(found) == 1 else ''}"
        " (Spearman's rho), so trainings of them will hardly tell these predictors apart."
    )


def predicted(structure: Structure, preset: Preset) -> Predicted:
    """All predictors of a structure. Raises ScoringError where it has no entropy."""
    cost = total_cost(structure, preset.budget.image_size)
    z = _value("closed-form", structure, preset)
    rivals: list[float | None] = []
    for name in PROXIES:
        try:
            rivals.append(_value(name + CLOSED, structure, preset))
        except ScoringError:  # a kind that the proxy does not know
            rivals.append(None)
    return Predicted(z, cost.params, cost.flops, cost.layers, *rivals)


def _value(name: str, structure: Structure, preset: Preset) -> float:
    scorer = make_scorer(name, "cpu", preset.objective, preset.forward)
    (score,) = scorer.score([structure])
    return score.z
