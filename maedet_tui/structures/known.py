"""Scores of structures, worked out beside the screen: the first one imports numpy or torch."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from math import isfinite

from engine.formats.rows import shown
from engine.scorers.base import Cancelled, Score, ScoringError, close, never
from engine.settings import CLOSED, GRADIENT_PROXIES, PROXIES, Objective, Preset
from engine.structure import LEVELS, Structure
from maedet_tui.structures.items import Item

#: of C1-C5 in a sum that stays within the range of numbers
MOST_ALPHA = 1e12
#: forward passes behind a measured Z
PASSES = 4
#: largest side of images for proxies of gradients, which keep all maps for the way back: at 384
#: those of MAE-DET-M would need 4.2 GB
GRADIENT_SIDE = 128


def closed_form(objective: Objective, structures: Sequence[Structure]) -> list[Score]:
    """The closed form of each; a millisecond a structure, once numpy is there."""
    from engine.scorers.closed_form import ClosedForm

    return ClosedForm(objective).score(structures)


def closed_proxies(preset: Preset, structures: Sequence[Structure]) -> dict[str, tuple[Score, ...]]:
    """The closed form of each proxy by its name, without those that a structure has none of;
    a millisecond a structure as well."""
    from engine.scorers.factory import make_scorer

    found = {}
    for name in PROXIES:
        judge = make_scorer(name + CLOSED, "cpu", preset.objective, preset.forward)
        with suppress(ScoringError):
            found[name] = tuple(judge.score(structures))
    return found


def known_score(item: Item) -> Score | None:
    """The score that an item brings along, if it tells entropies."""
    return item.score if item.score is not None and item.score.is_entropy else None


def parse_alphas(text: str) -> tuple[float, ...]:
    """Weights of C1-C5 out of five numbers, with spaces, commas or colons between.

    Raises ValueError with what to write.
    """
    try:
        alphas = tuple(float(word) for word in re.split(r"[\s,:]+", text.strip()))
    except ValueError:
        alphas = ()
    if len(alphas) != len(LEVELS) or not all(isfinite(one) and one >= 0 for one in alphas):
        raise ValueError(f"{shown(text)} is not five numbers from 0, one each of C1-C5: 0 0 1 1 6")
    if max(alphas) > MOST_ALPHA:
        raise ValueError(f"No weight may be above {MOST_ALPHA:g}; only their ratios matter.")
    if not any(alphas):
        raise ValueError("All weights are zero; give at least one level a weight above 0.")
    return alphas


def measured_at(name: str, objective: Objective) -> int:
    """Side of the images by which a structure is measured."""
    side = objective.resolution
    return min(side, GRADIENT_SIDE) if name in GRADIENT_PROXIES else side


def measure(
    name: str, preset: Preset, structure: Structure, cancelled: Callable[[], bool] = never
) -> Score | str | None:
    """One of `comparison.MEASURES` of a structure, or a sentence why there is none.

    Forward passes are at least as many as a standard error needs, and images as large as
    `measured_at` says. None once `cancelled`.
    """
    from engine.scorers.factory import make_scorer

    forward = preset.forward
    if name == "forward":
        forward = replace(forward, repeats=max(forward.repeats, PASSES))
    objective = replace(preset.objective, resolution=measured_at(name, preset.objective))
    judge = None
    try:
        judge = make_scorer(name, preset.device, objective, forward)
        (score,) = judge.score([structure], cancelled)
    except Cancelled:
        return None
    except ScoringError as error:
        return str(error)
    finally:
        close(judge)
    return score
