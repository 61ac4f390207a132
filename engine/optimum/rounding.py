"""From the widths of a relaxation to whole ones that keep to every limit, and up from there."""

from __future__ import annotations

import numpy as np

from engine.optimum.bounding import Group
from engine.optimum.boxes import propagated
from engine.optimum.space import Floats, Ints

#: moves: by how much one width grows while another shrinks, in steps
TRADES = ((1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (1, 5), (5, 1), (1, 8))
MOST_MOVES = 200


def improved(group: Group, row: int, x: Floats) -> Ints | None:
    """Whole widths of a skeleton near x, in steps, that no single move improves; None where
    there are none below x that keep to budgets and ratios."""
    widths = _rounded(group, row, x)
    (z,), (fits,) = group.values(row, widths[:, None])
    if not fits:
        return None
    moves = _moves(len(widths))
    for _ in range(MOST_MOVES):
        tried = np.clip(widths[:, None] + moves, 1, group.most)
        values, fitting = group.values(row, tried)
        values = np.where(fitting, values, -np.inf)
        best = int(values.argmax())
        if values[best] <= z:
            break
        z, widths = values[best], tried[:, best]
    return widths


def _rounded(group: Group, row: int, x: Floats) -> Ints:
    """The widths rounded down, and to what the ratios allow beside each output."""
    down = np.floor(np.exp(x) / group.step + 1e-6).astype(np.int64)
    widths = np.clip(down, group.narrowest, group.widest)[:, None]
    group.links.repaired(widths[:, 0])
    if group.limits is None:
        return widths[:, 0]
    outs = group.limits.outs
    skeletons = group.skeletons
    has = skeletons.has_inside(np.array([row]))
    for inside, out in skeletons.pairs:
        if has[inside][0]:
            place = np.searchsorted(outs, widths[out], side="right") - 1
            widths[out] = outs[np.maximum(place, 0)]
            low = group.limits.least[np.maximum(place, 0)]
            high = group.limits.most[np.maximum(place, 0)]
            widths[inside] = np.clip(widths[inside], low, high)
    return propagated(widths, widths, skeletons.pairs, has, group.limits)[0][:, 0]


def _moves(count: int) -> Ints:
    """Every move, (variables, moves): one width wider, or one wider and another narrower."""
    unit = np.eye(count, dtype=np.int64)
    moves = [unit]
    for more, less in TRADES:
        both = more * unit[:, :, None] - less * unit[:, None, :]
        moves.append(both.reshape(count, -1))
    return np.concatenate(moves, axis=1)
