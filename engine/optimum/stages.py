"""One bound on all structures of a space, however many skeletons it has, unit by unit.

At fixed multipliers of the budgets, Z less the price of the costs is a sum over units, each
of which knows the width before and behind it only. So the best row of units is found by
dynamic programming over widths, units in the stage and layers so far, if each unit may
choose its own kind, kernel, expansion and bottleneck, and any unit may begin a new block.
What depends on all that stands before is replaced by what bounds it: the correlation of
positions by that behind the fewest layers, the border's profile by the largest one.
"""

from __future__ import annotations

from math import comb, log
from typing import NamedTuple

import numpy as np

from engine.blocks import KINDS, Layer, chain
from engine.costs import halved
from engine.optimum.coefficients import (
    IN,
    INSIDE,
    MONOMIALS,
    OUT,
    CostName,
    WidthTerms,
    cost_polynomial,
    sized,
    width_terms,
)
from engine.optimum.space import Floats, Layout, Slot, layers_of
from engine.scorers.closed_form import moments_behind
from engine.scorers.objective import z_weights
from engine.settings import Preset
from engine.structure import LEVELS, Block

#: widths of a space beyond which the tables of pairs of widths become too large
MOST_WIDTHS = 400
#: profiles of a stage, by how many units of each shape it has, beyond which one does for all
MOST_COUNTS = 3000
#: steps of Newton's method for the best bottleneck; what they miss is added to the bound
STEPS = 6
SLACK = 1e-9


Shape = tuple[tuple[str, int], ...]


class _Unit(NamedTuple):
    """What a unit adds to Z, less the price of its costs, as a function of its widths.

    constant, logs, inverses: as in `Program`, by IN, OUT, INSIDE. prices: of MONOMIALS.
    """

    constant: float
    logs: tuple[float, ...]
    inverses: tuple[float, ...]
    prices: Floats

    def at(self, before: Floats, behind: Floats, least: float, most: float) -> Floats:
        """An upper bound at widths that broadcast, over bottlenecks from least to most."""
        price = dict(zip(MONOMIALS, self.prices.tolist()))
        found = self.constant + self.logs[IN] * np.log(before) + self.logs[OUT] * np.log(behind)
        found = found - self.inverses[IN] / before - self.inverses[OUT] / behind - price[()]
        found = found - price[IN, IN] * before**2 - price[OUT, OUT] * behind**2
        found = (
            found - price[IN, OUT] * before * behind - price[IN,] * before - price[OUT,] * behind
        )
        count, inverse = self.logs[INSIDE], self.inverses[INSIDE]
        if not count:
            return np.asarray(found, np.float64)
        square = price[INSIDE, INSIDE]
        line = price[IN, INSIDE] * before + price[OUT, INSIDE] * behind + price[INSIDE,]
        low, high = log(least), log(most)
        x = np.log(np.clip(2 * count / (line + np.sqrt(line**2 + 8 * square * count) + 1e-300),
                           least, most))  # fmt: skip
        for _ in range(STEPS):
            width = np.exp(x)
            slope = count + inverse / width - line * width - 2 * square * width**2
            bend = inverse / width + line * width + 4 * square * width**2 + 1e-300
            x = np.clip(x + np.clip(slope / bend, -1, 1), low, high)
        width = np.exp(x)
        slope = count + inverse / width - line * width - 2 * square * width**2
        # concave in x: nowhere above its tangent
        missing = np.maximum(slope * (high - x), slope * (low - x))
        inside = count * x - inverse / width - line * width - square * width**2
        total: Floats = found + inside + missing
        return total


class Stages:
    """The bound of one preset, whose reading weighs the entropies by numbers.

    layout: the one of fewest blocks, which all others have been divided from.
    """

    def __init__(self, preset: Preset, layout: Layout):
        self.preset, self.layout = preset, layout
        space, budget = preset.space, preset.budget
        widths = range(space.width_step, space.max_width + 1, space.width_step)
        self.widths: Floats = np.array(widths, np.float64)
        limits = (("flops", budget.flops), ("params", budget.params))
        self.budgets: list[tuple[CostName, int]] = [
            (name, limit) for name, limit in limits if limit is not None  # type: ignore[misc]
        ]  # fmt: skip
        self._rectified = preset.objective.activation == "relu"
        self._weights = z_weights(preset.objective, (0,) * len(LEVELS))
        # no structure has more layers
        deepest = sum(
            max(layers_of(block) // block.depth for block in slot.choices)
            * (space.stage_depths[slot.stage] if slot.repeats else 1)
            for slot in layout
        )
        self._layers = min(deepest, budget.layers or deepest)

    def bound(self, prices: Floats) -> float:
        """An upper bound on Z at multipliers >= 0 of the budgets, (budgets,), and of rules,
        which are left out."""
        prices = prices[: len(self.budgets)]
        step = 1 + self._layers
        best = np.full((step, 1), -np.inf)  # by layers so far and width
        best[0, 0] = 0.0
        before = np.array([float(self.preset.initial.blocks[0].in_channels)])
        size = self.preset.budget.image_size
        side, correlation = self.preset.objective.resolution, 0.0 if self._rectified else 1 / 3
        profile = np.ones(side)
        for level in range(len(LEVELS)):
            deep = {0: best}  # by units of the stage so far
            profiles = {0: profile}
            slots = [slot for slot in self.layout if slot.stage == level]
            border: dict[Shape, float] = {}
            means: dict[int, float] = {}
            for number, slot in enumerate(slots):
                if not means and all(later.repeats for later in slots[number:]):
                    limit = self.preset.space.stage_depths[level]
                    border, means = _border(slots[number:], profiles, limit)
                first = slot is self.layout[0]
                side = halved((side, side), slot.choices[0].stride)[0]
                deep, profiles, before, correlation = self._behind(
                    slot, prices, deep, profiles, before, size, side, correlation, first, border
                )
                size = halved(size, slot.choices[0].stride)
            # each depth has its own border, of which the next stage takes the largest
            weight = self._weights[level]
            ends = [
                found + weight * means.get(count, _log_mean(profiles[count]))
                for count, found in deep.items()
            ]
            best = np.max(ends, axis=0)
            if self.preset.objective.size == "log-channels":
                best = best + self.preset.objective.alphas[level] * np.log(before)
            profile = np.max(list(profiles.values()), axis=0)
        priced = float(prices.sum())
        most = float(best.max()) + priced
        return most + SLACK * (abs(most) + priced)

    def _behind(
        self,
        slot: Slot,
        prices: Floats,
        deep: dict[int, Floats],
        profiles: dict[int, Floats],
        before: Floats,
        size: tuple[int, int],
        side: int,
        correlation: float,
        first: bool,
        border: dict[Shape, float],
    ) -> tuple[dict[int, Floats], dict[int, Floats], Floats, float]:
        """State behind a slot, which may be divided into several blocks."""
        singles = [block for block in slot.choices if block.depth == 1 or not slot.repeats]
        plain = [block._replace(stride=1) for block in singles]
        limit = self.preset.space.stage_depths[slot.stage] if slot.repeats else max(deep) + 1
        begins = self._tables(
            singles, prices, before, size, side, correlation, first, slot.stage, border
        )
        passes = all("out_channels" not in _mutable(block) for block in singles)
        behind = before if passes else self.widths
        counted = 1 if slot.repeats else 0
        found: dict[int, Floats] = {}
        after: dict[int, Floats] = {}
        for count, state in deep.items():
            if count + counted > limit:
                continue
            new = _joined(state, begins, len(behind))
            key = count + counted
            found[key] = np.maximum(found[key], new) if key in found else new
            edge = _largest([moments_behind(profiles[count], chain(sized(block, 1, 1, 1)))
                             for block in singles])  # fmt: skip
            after[key] = np.maximum(after[key], edge) if key in after else edge
        fewest = min(
            width_terms(block, correlation, side * side, first, self._rectified).correlation
            for block in singles
        )
        if slot.repeats:
            stays = self._more(slot.choices, prices, size, side, fewest, slot.stage, border)
            inner = halved(size, slot.choices[0].stride)
            divides = limit > self.preset.space.split_above
            if divides:
                anew = self._tables(
                    plain, prices, behind, inner, side, fewest, False, slot.stage, border
                )  # fmt: skip
            for count in range(min(found), limit):
                state = found[count]
                new = _added(state, stays)
                if divides:
                    new = np.maximum(new, _joined(state, anew, len(behind)))
                key = count + 1
                found[key] = np.maximum(found[key], new) if key in found else new
                edge = _largest([moments_behind(after[count], chain(sized(block, 1, 1, 1)))
                                 for block in plain])  # fmt: skip
                after[key] = np.maximum(after[key], edge) if key in after else edge
        return found, after, behind, fewest

    def _unit(self, terms: WidthTerms, prices: Floats, stage: int) -> _Unit:
        """A unit of a stage with these terms and prices."""
        later = sum(self._weights[stage:])
        read = self._weights[stage]
        inverses = tuple(
            (later - read) / 4 * f + read / 4 * min(f, last)
            for f, last in zip(terms.fluctuation, terms.last)
        )
        logs = tuple(later / 2 * count for count in terms.logs)
        return _Unit(later / 2 * terms.constant, logs, inverses, prices)

    def _priced(self, block: Block, size: tuple[int, int], prices: Floats) -> Floats:
        found = np.zeros(len(MONOMIALS))
        for price, (name, limit) in zip(prices, self.budgets):
            found += price / limit * np.array(cost_polynomial(block, size, name))
        return found

    def _tables(
        self,
        blocks: list[Block],
        prices: Floats,
        before: Floats,
        size: tuple[int, int],
        side: int,
        correlation: float,
        first: bool,
        stage: int,
        border: dict[Shape, float],
    ) -> dict[int, Floats]:
        """What a first unit adds, by its layers: (widths before, widths behind), or
        (widths before, 1) where the width is passed on."""
        found: dict[int, Floats] = {}
        space = self.preset.space
        for block in blocks:
            terms = width_terms(block, correlation, side * side, first, self._rectified)
            unit = self._unit(terms, self._priced(block, size, prices), stage)
            widths = (before[:, None], self.widths[None])
            if "out_channels" not in _mutable(block):
                widths = (before[:, None], before[:, None])
            table = unit.at(*widths, space.width_step, space.max_width)
            table = table - self._weights[stage] * border.get(_shape(block), 0.0)
            layers = layers_of(block)
            found[layers] = np.maximum(found[layers], table) if layers in found else table
        return found

    def _more(
        self,
        choices: tuple[Block, ...],
        prices: Floats,
        size: tuple[int, int],
        side: int,
        correlation: float,
        stage: int,
        border: dict[Shape, float],
    ) -> dict[int, Floats]:
        """What one more unit of the same block adds, by its layers, (widths,)."""
        found: dict[int, Floats] = {}
        space = self.preset.space
        for two in (block for block in choices if block.depth == 2):
            one = two._replace(depth=1)
            # as the first unit of a block, but for the projection that it lacks
            terms = width_terms(
                one._replace(stride=1), correlation, side * side, False, self._rectified
            )
            price = self._priced(two, size, prices) - self._priced(one, size, prices)
            unit = self._unit(terms, price, stage)
            table = unit.at(self.widths, self.widths, space.width_step, space.max_width)
            table -= self._weights[stage] * border.get(_shape(two), 0.0)
            layers = layers_of(two) - layers_of(one)
            found[layers] = np.maximum(found[layers], table) if layers in found else table
        return found


def _mutable(block: Block) -> tuple[str, ...]:
    return KINDS[block.kind].mutable


def _shape(block: Block) -> Shape:
    """What the border's profile depends on of a unit, its stride aside."""
    return tuple((layer.op, layer.kernel) for layer in _chain(block))


def _chain(block: Block) -> tuple[Layer, ...]:
    """The layers of the block's first unit."""
    return chain(sized(block._replace(depth=1), 1, 1, 1))


def _log_mean(profile: Floats) -> float:
    return float(np.log(profile.mean()))


def _border(
    slots: list[Slot], profiles: dict[int, Floats], limit: int
) -> tuple[dict[Shape, float], dict[int, float]]:
    """What each shape of unit takes from the log of the profile's mean, and what that is
    besides, by how many units there are, so that their sum lies nowhere below it.

    The profiles are the largest over all orders of so many units of each shape. Empty where
    there are too many such numbers, so that nothing is taken.
    """
    begins = {_shape(block): _chain(block) for block in slots[0].choices}
    kinds = {_shape(block): _chain(block._replace(stride=1)) for s in slots for block in s.choices}
    if comb(limit + len(kinds), len(kinds)) > MOST_COUNTS:
        return {}, {}
    start = _largest(list(profiles.values()))
    shapes = list(kinds)
    unit = [tuple(int(i == j) for j in range(len(shapes))) for i in range(len(shapes))]
    now = {
        one: moments_behind(start, begins[shape])
        for one, shape in zip(unit, shapes)
        if shape in begins
    }
    means = {counts: _log_mean(profile) for counts, profile in now.items()}
    for _ in range(limit - 1):
        after: dict[tuple[int, ...], Floats] = {}
        for counts, profile in now.items():
            for one, shape in zip(unit, shapes):
                key = tuple(map(sum, zip(counts, one)))
                edge = moments_behind(profile, kinds[shape])
                after[key] = np.maximum(after[key], edge) if key in after else edge
        now = after
        means.update({counts: _log_mean(profile) for counts, profile in now.items()})
    # any loss a unit would do; this is the one of a stage of its like
    losses = []
    for one in unit:
        first, final = means.get(one), means.get(tuple(limit * n for n in one))
        if first is None or final is None:
            losses.append(0.0)
        else:
            losses.append((first - final) / max(1, limit - 1))
    rest: dict[int, float] = {}
    for counts, mean in means.items():
        above = mean + sum(n * loss for n, loss in zip(counts, losses))
        rest[sum(counts)] = max(rest.get(sum(counts), -np.inf), above)
    return dict(zip(shapes, losses)), rest


def _largest(profiles: list[Floats]) -> Floats:
    found: Floats = np.max(profiles, axis=0)
    return found


def _added(state: Floats, tables: dict[int, Floats]) -> Floats:
    """The state behind one more unit that keeps the width."""
    found = np.full_like(state, -np.inf)
    for layers, table in tables.items():
        if layers < len(state):
            found[layers:] = np.maximum(found[layers:], state[: len(state) - layers] + table)
    return found


def _joined(state: Floats, tables: dict[int, Floats], behind: int) -> Floats:
    """The state behind a unit that leads from each width to any other."""
    found = np.full((len(state), behind), -np.inf)
    for layers, table in tables.items():
        for so_far in np.flatnonzero((state > -np.inf).any(axis=1)):
            if so_far + layers >= len(state):
                continue
            if table.shape[1] == 1 and behind == len(table):
                new = state[so_far] + table[:, 0]
            else:
                new = (state[so_far][:, None] + table).max(axis=0)
            found[so_far + layers] = np.maximum(found[so_far + layers], new)
    return found
