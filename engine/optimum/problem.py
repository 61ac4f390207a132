"""A preset as an optimisation problem: its skeletons, its weights, and what bounds them all."""

from __future__ import annotations

from math import log

import numpy as np

from engine.blocks import without_bound
from engine.costs import total_cost
from engine.optimum.bounding import Group
from engine.optimum.coefficients import width_terms
from engine.optimum.skeletons import Skeletons
from engine.optimum.space import Floats, Layout, beyond, count_of, layouts, limits_of, outside
from engine.optimum.stages import MOST_WIDTHS, Stages
from engine.scorers.objective import z_weights
from engine.search.evolution import exceeded
from engine.search.sampling import smallest
from engine.settings import NO_ENTROPY, Preset
from engine.structure import LEVELS

#: skeletons that are bounded one by one: some 30 bytes and 50 microseconds each
MOST_SKELETONS = 1_000_000


class NoOptimum(ValueError):
    """A preset of which nothing can be proven, in one sentence that a user can act on."""


class Problem:
    """A preset whose Z is an entropy, and within whose budgets there is a structure.

    notes: sentences on what the bound leaves out. count: how many skeletons there are.
    rising: Z rises with each width. layouts: those whose skeletons are bounded one by one;
    others: whether there are more. base: the one of fewest blocks.
    Raises NoOptimum.
    """

    def __init__(self, preset: Preset):
        if preset.scorer in NO_ENTROPY:
            raise NoOptimum(
                f"scorer is {preset.scorer}, of which no optimum is known: bounds are those of "
                "the entropy in closed form; use scorer: closed-form"
            )
        space = preset.space
        if space.width_step == 1 and 1 in space.expansions and "InvertedBlock" in space.blocks:
            raise NoOptimum(
                "space.width_step is 1, and a depthwise convolution of one channel has another "
                "finite-width term than wider ones; write a width_step of 2 or more"
            )
        kinds = {*space.blocks, *(block.kind for block in preset.initial.blocks)}
        if (why := without_bound(kinds)) is not None:
            raise NoOptimum(why)
        if (place := outside(preset)) is not None:
            raise NoOptimum(
                f"{place} of the initial structure is outside its space; "
                "`maedet-tui presets validate` says what to change"
            )
        self.preset = preset
        self.notes: list[str] = []
        if preset.budget.latency is not None:
            self.notes.append(
                "The bound leaves the latency budget out: it holds, and a structure at the bound "
                "may be too slow."
            )
        self._refuse_empty()
        self.base = next(layouts(preset))
        self.layouts, self.others, self.count = self._one_by_one()
        few = preset.space.max_width // preset.space.width_step <= MOST_WIDTHS
        concave = preset.objective.size != "volume"
        self._stages = Stages(preset, self.base) if few and concave else None
        pooled = any(block.kind == "MaxPool" for block in preset.initial.blocks)
        self.rising = preset.objective.activation == "relu" or not pooled

    def _one_by_one(self) -> tuple[list[Layout], bool, int]:
        """The layouts whose skeletons are bounded one by one, whether there are others, and
        how many skeletons the first have."""
        found: list[Layout] = []
        count = 0
        for layout in layouts(self.preset):
            more = self.size(layout)
            if count + more > MOST_SKELETONS:
                return found, True, count
            found.append(layout)
            count += more
        return found, beyond(self.preset), count

    def _refuse_empty(self) -> None:
        """Raises NoOptimum where no structure keeps to each budget by itself."""
        preset = self.preset
        costs = [
            total_cost(one, preset.budget.image_size)
            for one in smallest(preset.space, preset.initial)
        ]
        for name in ("layers", "flops", "params"):
            limit, least = getattr(preset.budget, name), min(getattr(c, name) for c in costs)
            if limit is not None and least > limit:
                raise NoOptimum(
                    f"budget.{name} is {limit:,}, which no structure of the space meets: the "
                    f"smallest has {least:,} {name}; raise it to at least that"
                )
        if all(exceeded(cost, preset.budget) for cost in costs):
            named = "; or ".join(
                f"{cost.flops:,} FLOPs, {cost.params:,} params and {cost.layers} layers"
                for cost in costs
            )
            raise NoOptimum(f"no structure meets all budgets at once: the smallest has {named}")

    def group(self, layout: Layout) -> Group:
        """The skeletons of a layout."""
        skeletons = Skeletons(self.preset, layout)
        return Group(self.preset, skeletons, limits_of(self.preset.space))

    def size(self, layout: Layout) -> int:
        """How many skeletons a layout has."""
        return count_of(layout, self.preset.space.stage_depths, self.preset.budget.layers)

    def together(self, prices: Floats) -> float:
        """A bound on all skeletons at once, from multipliers of the budgets; inf where there
        is none but the trivial one."""
        return np.inf if self._stages is None else self._stages.bound(prices)

    def trivial_bound(self) -> float:
        """A bound on everything, found at once: Z with every width at its largest, no border
        and no finite width, and each stage of the units that add most to it."""
        objective, space = self.preset.objective, self.preset.space
        rectified, widest = objective.activation == "relu", log(space.max_width)
        image = log(self.preset.initial.blocks[0].in_channels)
        gains = np.zeros(len(LEVELS))
        for stage, limit in enumerate(space.stage_depths):
            units = []
            for number, slot in enumerate(self.base):
                if slot.stage != stage:
                    continue
                widths = np.array([image if number == 0 else widest, widest, widest])
                each = []
                for block in slot.choices:
                    terms = width_terms(block, 0.0, 1, number == 0, rectified)
                    gain = terms.constant + float(np.array(terms.logs) @ widths)
                    each.append(gain / block.depth)
                if slot.repeats:
                    units.append(max(each))
                else:
                    gains[stage:] += max(each) / 2
            if units:
                gains[stage:] += max(limit * max(units), len(units) * max(units)) / 2
        z = float(np.dot(z_weights(objective, (space.max_width,) * len(LEVELS)), gains))
        return z + sum(objective.alphas) * widest * (objective.size == "log-channels")
