"""All skeletons of a layout, and the program of each in its widths.

A skeleton is a row of choices, one a slot. What a choice adds to Z depends on what stands
before it by the correlation of positions alone, of which there are few, so that each
slot's terms fill a small table; the profile of the border goes with kernels and depths.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.blocks import chain
from engine.costs import halved
from engine.optimum.coefficients import (
    IN,
    INSIDE,
    MONOMIALS,
    ROUNDING,
    CostName,
    NotPolynomial,
    cost_polynomial,
    sized,
    width_terms,
)
from engine.optimum.links import link_limits, links_of
from engine.optimum.program import Program
from engine.optimum.space import Floats, Ints, Layout, layers_of, widths_of
from engine.scorers.closed_form import moments_behind
from engine.search.rules import log_widths
from engine.settings import Preset
from engine.structure import LEVELS, Block

#: columns of a slot's table of terms: the constant of the gain and its logarithms; of the
#: fluctuation, and of the one that the slot's end is read with, three inverses and a constant
GAIN, LOGS, FLUCTUATION, FIXED, LAST, LAST_FIXED = 0, slice(1, 4), slice(4, 7), 7, slice(8, 11), 11
#: what rounding may take from a rule, per layer
LOOSE = 1e-8
#: far outside the logarithms of any two widths' ratio
FAR = 50.0


class Weights(NamedTuple):
    """Z as a sum over C1-C5 of `entropies` · H + `logs` · log(width) + constant; each (5, N)
    or (5, 1), the constant (N,) or (1,)."""

    entropies: Floats
    logs: Floats
    constant: Floats


class Skeletons:
    """The skeletons of a layout within its stages' depths and the budget of layers.

    rows: the choice of each slot, (slots, N). widths: the variables of the layout.
    """

    def __init__(self, preset: Preset, layout: Layout):
        self.layout, self.widths = layout, widths_of(layout)
        self._has_inside = [
            np.array([bool(sized(block, 1, 1, 1).bottleneck) for block in slot.choices])
            for slot in layout
        ]
        self.image = float(preset.initial.blocks[0].in_channels)
        self._rectified = preset.objective.activation == "relu"
        budget = preset.budget
        self.rows, self.layers = _rows(layout, preset.space.stage_depths, budget.layers)
        limits = (("flops", budget.flops), ("params", budget.params))
        self.budgets: tuple[tuple[CostName, int], ...] = tuple(
            (name, limit) for name, limit in limits if limit is not None  # type: ignore[misc]
        )  # fmt: skip
        self._costs = [_cost_tables(layout, budget.image_size, name) for name, _ in self.budgets]
        self.products = self._used_products()
        sides = _sides(layout, preset.objective.resolution)
        self._terms, self._behind = self._term_tables(sides)
        needed = [i for i, alpha in enumerate(preset.objective.alphas) if alpha]
        self._means = _log_means(layout, self.rows, preset.objective.resolution, needed)
        low, high = preset.space.bottleneck_ratio
        self.pairs = tuple(
            (inside, out)
            for inside, out in zip(self.widths.inside, self.widths.out)
            if inside >= 0 and (low > 0 or high < np.inf)
        )
        self.links = links_of(self.widths, preset.space)
        self._link = link_limits(preset.space, FAR)
        self._deepest = budget.effectiveness
        self._rule = [_fan_ins(slot.choices) for slot in layout] if self._deepest else []
        self._ratio = (log(low) - 1e-8 if low > 0 else -FAR, min(FAR, float(np.log(high)) + 1e-8))

    def __len__(self) -> int:
        return int(self.rows.shape[1])

    def blocks(self, row: int) -> list[Block]:
        """The choices of one skeleton, of widths that do not count."""
        return [slot.choices[c] for slot, c in zip(self.layout, self.rows[:, row])]

    def has_inside(self, which: Ints) -> dict[int, npt.NDArray[np.bool_]]:
        """For the variable of each slot's bottleneck: which of some skeletons have one."""
        return {
            inside: has[row[which]]
            for inside, has, row in zip(self.widths.inside, self._has_inside, self.rows)
            if inside >= 0
        }

    def program(self, which: Ints, weights: Weights) -> Program:
        """The programs of some skeletons, in the order of `which`."""
        count, places = len(which), self.widths
        logs, inverses = np.zeros((places.size, count)), np.zeros((places.size, count))
        entropies = np.broadcast_to(weights.entropies, (len(LEVELS), count))
        constant = np.array(np.broadcast_to(weights.constant, count), np.float64)
        for level, mean in enumerate(self._means):
            if mean is not None:
                constant += entropies[level] * mean[which]
        # weight of the entropies read at or after a stage
        later = np.cumsum(entropies[::-1], axis=0)[::-1]
        for slot, table, behind in zip(range(len(self.layout)), self._terms, self._behind):
            row = self.rows[slot, which]
            terms = table[behind[which], row].T
            stage, ends = self.layout[slot].stage, self.layout[slot].ends
            gains = later[stage] / 2
            read = entropies[stage] / 4 if ends else np.zeros(count)
            kept = later[stage] / 4 - read  # of the fluctuation that later readings inherit
            constant += gains * terms[GAIN] - kept * terms[FIXED] - read * terms[LAST_FIXED]
            columns = zip(
                (places.into[slot], places.out[slot], places.inside[slot]),
                terms[LOGS], terms[FLUCTUATION], terms[LAST],
            )  # fmt: skip
            for place, log_count, fluctuation, last in columns:
                if place >= 0:
                    logs[place] += gains * log_count
                    inverses[place] += kept * fluctuation + read * last
        for level, place in enumerate(places.ends):
            if place >= 0:
                logs[place] += weights.logs[level]
            else:
                constant += weights.logs[level] * log(self.image)
        costs, fixed = self._spent(which)
        linear, more = self._rules(which)
        return Program(
            logs, inverses, constant, self.products, costs, np.concatenate([fixed, more]),
            (*self.pairs, *self.links), self._ratios(which), linear, len(self.links),
        )  # fmt: skip

    def _rules(self, which: Ints) -> tuple[Floats, Floats]:
        """`linear` of `Program`, and its part of `fixed`: DeepMAD's effectiveness, layers L
        over the geometric mean of their widths, is at most rho where the sum of the widths'
        logarithms is at least L log(L / rho)."""
        places, count = self.widths, len(which)
        if not self._deepest:
            return np.zeros((0, places.size, count)), np.zeros((0, count))
        linear = np.zeros((1, places.size, count))
        known = np.zeros(count)
        for slot, table in enumerate(self._rule):
            chosen = table[self.rows[slot, which]].T
            known += chosen[3]
            named = zip((places.into[slot], places.out[slot], places.inside[slot]), chosen)
            for place, factor in named:
                if place >= 0:
                    linear[0, place] -= factor
                else:  # the image's channels, or a bottleneck that there is not
                    known += factor * log(self.image)
        layers = self.layers[which].astype(np.float64)
        least = layers * np.log(layers / self._deepest) - LOOSE * layers
        return linear / layers, (1 + (least - known) / layers)[None]

    def _ratios(self, which: Ints) -> Floats:
        found = np.empty((len(self.pairs) + len(self.links), 2, len(which)))
        found[len(self.pairs) :] = np.array(self._link)[:, None]
        has = self.has_inside(which)
        for pair, (inside, _) in enumerate(self.pairs):
            for side, (limit, far) in enumerate(zip(self._ratio, (-FAR, FAR))):
                found[pair, side] = np.where(has[inside], limit, far)
        return found

    def _spent(self, which: Ints) -> tuple[Floats, Floats]:
        """`costs` and `fixed` of `Program`."""
        places = {product: row for row, product in enumerate(self.products)}
        costs = np.zeros((len(self.budgets), len(places), len(which)))
        fixed = np.zeros((len(self.budgets), len(which)))
        for k, (tables, (_, limit)) in enumerate(zip(self._costs, self.budgets)):
            for slot, table in enumerate(tables):
                chosen = table[self.rows[slot, which]].T / limit
                for product, factor, column in self._products(slot):
                    if product:
                        if product in places:
                            costs[k, places[product]] += factor * chosen[column]
                    else:
                        fixed[k] += factor * chosen[column]
        return costs, fixed

    def _products(self, slot: int) -> Iterator[tuple[tuple[int, ...], float, int]]:
        """(variables multiplied, factor, place in MONOMIALS) of a slot's costs; the channels
        of the image are a factor."""
        widths = self.widths
        into, out, inside = widths.into[slot], widths.out[slot], widths.inside[slot]
        for column, monomial in enumerate(MONOMIALS):
            if INSIDE in monomial and inside < 0:
                continue
            named = [(into, out, inside)[place] for place in monomial]
            product = tuple(sorted(place for place in named if place >= 0))
            yield product, self.image ** named.count(-1), column

    def _used_products(self) -> tuple[tuple[int, ...], ...]:
        used = {
            product
            for tables in self._costs
            for slot, table in enumerate(tables)
            for product, _, column in self._products(slot)
            if product and table[:, column].any()
        }
        return tuple(sorted(used))

    def _term_tables(self, sides: list[int]) -> tuple[list[Floats], list[Ints]]:
        """Of each slot: terms by correlation and choice, (correlations, choices, 12), and
        which correlation each skeleton has before it, (N,)."""
        correlations = [0.0 if self._rectified else 1 / 3]
        behind = np.zeros(len(self), np.int64)
        tables, befores = [], []
        for slot, (place, side) in enumerate(zip(self.layout, sides)):
            first = slot == 0
            used = np.zeros((len(correlations), len(place.choices)), bool)
            used[behind, self.rows[slot]] = True
            table = np.zeros((*used.shape, 12))
            after: dict[float, int] = {}
            following = np.zeros(used.shape, np.int64)
            for c, choice in np.argwhere(used):
                terms = width_terms(
                    place.choices[choice], correlations[c], side * side, first, self._rectified
                )
                row = table[c, choice]
                row[GAIN] = terms.constant
                row[LOGS], row[FLUCTUATION], row[LAST] = terms.logs, terms.fluctuation, terms.last
                if self.widths.into[slot] < 0:
                    row[GAIN] += row[LOGS][IN] * log(self.image)
                    row[FIXED] = row[FLUCTUATION][IN] / self.image
                    row[LAST_FIXED] = row[LAST][IN] / self.image
                following[c, choice] = after.setdefault(terms.correlation, len(after))
            tables.append(table)
            befores.append(behind)
            behind = following[behind, self.rows[slot]]
            correlations = list(after)
        return tables, befores


def _fan_ins(choices: tuple[Block, ...]) -> Floats:
    """Of each choice: how often the widths (in, out, bottleneck) are factors of the widths of
    its convolutions, and the logarithm of what else is, (choices, 4)."""
    found = np.zeros((len(choices), 4))
    for row, block in zip(found, choices):
        base = log_widths(sized(block, 2, 2, 2))[0]
        for place in range(3):
            twice = sized(block, *(4 if i == place else 2 for i in range(3)))
            count = (log_widths(twice)[0] - base) / log(2)
            if abs(count - round(count)) > ROUNDING:
                raise NotPolynomial(f"the widths of a {block.kind} are no products of its own")
            row[place] = round(count)
        row[3] = base - row[:3].sum() * log(2)
    return found


def _rows(layout: Layout, depths: tuple[int, ...], most: int | None) -> tuple[Ints, Ints]:
    """Every choice of the slots, (slots, N), and the layers of each skeleton."""
    counts = []
    for slot in layout:
        counts.append(np.array([layers_of(block) for block in slot.choices], np.int64))
    least = [int(count.min()) for count in counts]
    rows = np.zeros((0, 1), np.int64)
    layers, deep = np.zeros(1, np.int64), np.zeros(1, np.int64)
    stage = -1
    for number, slot in enumerate(layout):
        if slot.stage != stage:
            stage, deep = slot.stage, np.zeros(rows.shape[1], np.int64)
        chosen = np.arange(len(slot.choices))
        depth = np.array([block.depth if slot.repeats else 0 for block in slot.choices])
        all_layers = layers[:, None] + counts[number]
        all_deep = deep[:, None] + depth
        same = [later for later in layout[number + 1 :] if later.stage == stage and later.repeats]
        fits = all_deep + len(same) <= depths[stage]
        if not slot.repeats:
            fits[:] = True
        if most is not None:
            fits &= all_layers + sum(least[number + 1 :]) <= most
        before, choice = np.nonzero(fits)
        rows = np.concatenate([rows[:, before], chosen[choice][None]])
        layers, deep = all_layers[before, choice], all_deep[before, choice]
    return rows.astype(np.int16), layers


def _sides(layout: Layout, resolution: int) -> list[int]:
    """The side of each slot's output map."""
    sides, side = [], (resolution, resolution)
    for slot in layout:
        side = halved(side, slot.choices[0].stride)
        sides.append(side[0])
    return sides


def _cost_tables(layout: Layout, size: tuple[int, int], name: CostName) -> list[Floats]:
    """Of each slot: the coefficients of MONOMIALS for each choice, (choices, 10)."""
    tables = []
    for slot in layout:
        tables.append(np.array([cost_polynomial(block, size, name) for block in slot.choices]))
        size = halved(size, slot.choices[0].stride)
    return tables


def _log_means(
    layout: Layout, rows: Ints, resolution: int, needed: list[int]
) -> list[Floats | None]:
    """Of each of C1-C5 that is needed: log of the mean of each skeleton's profile, (N,)."""
    found: list[Floats | None] = [None] * len(LEVELS)
    profiles = np.ones((1, resolution))
    which = np.zeros(rows.shape[1], np.int64)
    for slot, place in enumerate(layout):
        if place.stage > max(needed):
            break
        shapes: dict[tuple[object, ...], int] = {}
        shape_of, layers_of = [], []
        for block in place.choices:
            layers = chain(sized(block, 1, 1, 1))
            key = tuple((layer.op, layer.kernel, layer.stride) for layer in layers)
            if key not in shapes:
                layers_of.append(layers)
            shape_of.append(shapes.setdefault(key, len(shapes)))
        pair = which * len(shapes) + np.array(shape_of)[rows[slot]]
        pairs, which = np.unique(pair, return_inverse=True)
        after: list[Floats] = []
        before, shape = np.divmod(pairs, len(shapes))
        for number, layers in enumerate(layers_of):
            mine = profiles[before[shape == number]]
            if len(mine) > profiles.shape[1]:  # windows are linear: their matrix is cheaper
                basis = np.eye(profiles.shape[1])
                after.append(mine @ np.array([moments_behind(row, layers) for row in basis]))
            else:
                after.append(np.array([moments_behind(row, layers) for row in mine]))
        order = np.argsort(np.concatenate([np.flatnonzero(shape == n) for n in range(len(shapes))]))
        profiles = np.concatenate([part for part in after if len(part)])[order]
        if place.ends and place.stage in needed:
            found[place.stage] = np.log(profiles.mean(axis=1))[which]
    return found
