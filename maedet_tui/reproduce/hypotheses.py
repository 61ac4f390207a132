"""What may have been searched for: readings, rules and limits that the paper leaves open, and
the structures and figures that one of them has to explain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import inf
from typing import NamedTuple

from engine.costs import Cost, total_cost
from engine.optimum.space import outside
from engine.search.evolution import exceeded
from engine.search.rules import Rules
from engine.settings import Preset
from engine.structure import Structure
from engine.zoo import ZOO
from maedet_tui.presets import load
from maedet_tui.presets.auto import stage_depths
from maedet_tui.presets.quantities import parse_quantity
from maedet_tui.reproduce.paper import TABLES, Row

#: readings of "the size of the feature map" by name: `size` and `activation` of a preset
READINGS = {
    "nominal": ("nominal", "relu"),
    "area": ("area", "relu"),
    "volume": ("volume", "relu"),
    "log-channels": ("log-channels", "relu"),
    "released code": ("log-channels", "none"),
}
#: each of the others from loose to tight: what one allows, those before it allow too
RULES = ("none", "monotone", "monotone, 4x")
DEPTHS = ("free", "preset", "layers // 9")
RATIOS = {"any": (0.0, inf), "1/16 up": (1 / 16, inf), "0.1 to 1": (0.1, 1.0)}
#: the limit of FLOPs: the preset's, or what the printed structure itself has
FLOPS = ("limit", "printed")


class Rule(NamedTuple):
    """One of RULES, of DEPTHS and of RATIOS."""

    rules: str
    depths: str
    ratio: str

    def within(self, other: Rule) -> bool:
        """Whether the other allows all that this one does."""
        ratios = tuple(RATIOS)
        return (
            RULES.index(other.rules) <= RULES.index(self.rules)
            and DEPTHS.index(other.depths) <= DEPTHS.index(self.depths)
            and ratios.index(other.ratio) <= ratios.index(self.ratio)
        )


#: the presets as they are, and every rule at once
BASE, ALL = Rule("none", "preset", "any"), Rule("monotone, 4x", "layers // 9", "1/16 up")
#: the letter of the text, which limits all layers together alone
FREE = BASE._replace(depths="free")
#: BASE, one change of it at a time, and ALL
SINGLE = (
    FREE,
    BASE,
    BASE._replace(rules="monotone"),
    BASE._replace(rules="monotone, 4x"),
    BASE._replace(depths="layers // 9"),
    BASE._replace(ratio="1/16 up"),
    BASE._replace(ratio="0.1 to 1"),
    ALL,
)


class Hypothesis(NamedTuple):
    """How the paper may have searched."""

    reading: str
    flops: str
    rule: Rule


class Target(NamedTuple):
    """What the paper prints of one search.

    preset: of the search. alphas: in place of its own. printed: zoo name of the structure,
    None where only its costs are printed. params, flops: as printed, or counted.
    """

    name: str
    preset: str
    alphas: tuple[float, ...] | None
    printed: str | None
    params: float
    flops: float

    @property
    def structure(self) -> Structure | None:
        """The printed structure."""
        return None if self.printed is None else ZOO[self.printed].structure

    @property
    def cost(self) -> Cost:
        """Of the printed structure."""
        assert self.structure is not None
        return total_cost(self.structure, load(self.preset).budget.image_size)

    def settings(self, hypothesis: Hypothesis) -> Preset:
        """The preset of this search under a hypothesis, with one block a stage."""
        preset = load(self.preset)
        size, activation = READINGS[hypothesis.reading]
        objective = replace(preset.objective, size=size, activation=activation)
        if self.alphas is not None:
            objective = replace(objective, alphas=self.alphas)
        budget, rule = preset.budget, hypothesis.rule
        if hypothesis.flops == "printed":
            budget = replace(budget, flops=round(self.flops))
        layers = budget.layers
        assert layers is not None  # the paper limits them
        units = (layers - 1) // 3 - 3  # each other stage has one at least
        depths = {
            "free": (1, units, units, units, units),
            "preset": preset.space.stage_depths,
            "layers // 9": tuple(map(min, preset.space.stage_depths, stage_depths(layers))),
        }[rule.depths]
        space = replace(
            preset.space,
            stage_depths=depths,
            split_above=max(depths),
            monotone_widths=rule.rules != "none",
            max_expansion=4.0 if rule.rules == RULES[-1] else inf,
            bottleneck_ratio=RATIOS[rule.ratio],
        )
        return replace(preset, budget=budget, objective=objective, space=space)

    def kept(self, hypothesis: Hypothesis) -> bool | None:
        """Whether the printed structure itself keeps to a hypothesis, None where none is.
        Table 14 has a bottleneck of 220, which is no multiple of 8, and Table 10 three blocks at
        C5: neither counts against it."""
        if self.structure is None:
            return None
        preset = self.settings(hypothesis)
        return fits(self.structure, replace(preset, space=replace(preset.space, width_step=4)))


def fits(structure: Structure, preset: Preset) -> bool:
    """Whether a structure is in a preset's space, and keeps to its budgets and rules."""
    cost = total_cost(structure, preset.budget.image_size)
    return (
        outside(replace(preset, initial=structure)) is None
        and exceeded(cost, preset.budget) is None
        and Rules(preset.space, preset.budget).broken(structure.blocks, cost) is None
    )


def _target(name: str, row: Row) -> Target:
    assert row.preset is not None  # all of these were searched
    found = Target(name, row.preset, row.alphas, row.reference, parse_quantity(row.params), 0.0)
    flops = found.cost.flops if row.reference else parse_quantity(row.flops)
    return found._replace(flops=float(flops))


def _targets() -> Iterator[Target]:
    for row in TABLES["table1"].rows:
        if row.preset is not None:
            yield _target(row.label.removeprefix("MAE-DET-"), row)
    for row in TABLES["table4"].rows:
        if row.preset == "single-scale":
            yield _target("Table 10", row)
    for row in TABLES["table8"].rows:
        yield _target("Table 11" if row.reference else row.label, row)


#: S, M and L, the structures of Tables 10 and 11, and the other rows of Table 8
TARGETS: dict[str, Target] = {target.name: target for target in _targets()}
#: those of TARGETS whose structures are printed
PRINTED = tuple(name for name, target in TARGETS.items() if target.printed)
#: the rows of Table 8
RATIO_ROWS = tuple(name for name, target in TARGETS.items() if target.alphas is not None)


class Family(NamedTuple):
    """The hypotheses on one target that share everything but rules, loose ones first."""

    target: str
    reading: str
    flops: str
    rules: tuple[Rule, ...]

    @property
    def hypotheses(self) -> list[Hypothesis]:
        """Each of them."""
        return [Hypothesis(self.reading, self.flops, rule) for rule in self.rules]


def families(quick: bool) -> list[Family]:
    """Every hypothesis; quick: one change at a time, at the preset's limit of FLOPs.

    `volume` is not concave and takes long, and rows without a structure have two figures to
    meet: under both one change at a time has to do.
    """
    found = []
    for target, reading, flops in product(TARGETS, READINGS, FLOPS):
        structure = TARGETS[target].printed is not None
        if flops == "printed" and (not structure or reading == "volume"):
            continue
        if quick and (reading == "volume" or not structure or flops == "printed"):
            rules: tuple[Rule, ...] = (BASE,)
        elif quick or reading == "volume" or not structure:
            rules = SINGLE
        else:
            rules = tuple(map(Rule._make, product(RULES, DEPTHS, RATIOS)))
        found.append(Family(target, reading, flops, rules))
    return found
