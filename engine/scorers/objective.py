"""Eq. 5: from the entropies of C1-C5 to Z, under each reading of "size"."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from engine.settings import Objective
from engine.structure import Structure

#: H x W of C1-C5 in units of C5's, and C x H x W of a pyramid whose channels double
#: at each level, likewise. Only the proportions matter to a search, so Z is in
#: nats per C5-sized map and does not grow with the resolution.
AREA = (256.0, 64.0, 16.0, 4.0, 1.0)
NOMINAL = (16.0, 8.0, 4.0, 2.0, 1.0)


def z_weights(objective: Objective, widths: Sequence[int]) -> tuple[float, ...]:
    """dZ/dH of C1-C5: alpha_i * size_i for a structure whose stages put out `widths`.

    "nominal" takes the sizes of a channel-doubling pyramid (C3:C4:C5 = 4:2:1),
    "area" H*W (16:4:1), "volume" C*H*W with the structure's own C, and
    "log-channels" no factor at all (log C is added to H instead, see `z_of`).
    """
    alphas = objective.alphas
    if objective.size == "nominal":
        return tuple(a * s for a, s in zip(alphas, NOMINAL))
    if objective.size == "area":
        return tuple(a * s for a, s in zip(alphas, AREA))
    if objective.size == "volume":
        return tuple(a * s * c for a, s, c in zip(alphas, AREA, widths))
    return tuple(alphas)


def z_of(objective: Objective, structure: Structure, entropies: Sequence[float]) -> float:
    """Z (Eq. 5) of a structure whose stages C1-C5 have the `entropies`, in nats."""
    return sum(z_parts(objective, structure, entropies))


def z_parts(
    objective: Objective, structure: Structure, entropies: Sequence[float]
) -> tuple[float, ...]:
    """What each of C1-C5 contributes to Z."""
    widths = structure.widths
    parts = tuple(w * h for w, h in zip(z_weights(objective, widths), entropies))
    if objective.size == "log-channels":
        return tuple(p + a * log(c) for p, a, c in zip(parts, objective.alphas, widths))
    return parts
