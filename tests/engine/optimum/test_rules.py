"""The optimum under each rule against every structure of small spaces that keeps to it."""

import itertools
from dataclasses import replace
from math import exp, log

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.blocks import chain
from engine.costs import total_cost
from engine.optimum.search import Optimum
from engine.search.rules import map_memory
from engine.settings import Preset
from engine.structure import Structure
from tests.engine.optimum.every_structure import compare, small_presets

CHECKS = list(HealthCheck)
SPACE_RULES = ("monotone_widths", "max_expansion", "widths")
BUDGET_RULES = ("flops_min", "params_min", "effectiveness", "memory")


def rho(structure: Structure) -> float:
    widths = [layer.fan_in for block in structure.blocks for layer in chain(block)
              if layer.op == "conv"]  # fmt: skip
    return len(widths) / exp(sum(map(log, widths)) / len(widths))


def keeps(preset: Preset, structure: Structure) -> bool:
    """Whether a structure keeps to the rules, by their words."""
    space, budget = preset.space, preset.budget
    cost = total_cost(structure, budget.image_size)
    outputs = [block.out_channels for block in structure.blocks]
    rising = itertools.pairwise(outputs)
    return (
        not (space.monotone_widths and any(b < a for a, b in rising))
        and all(b <= space.max_expansion * a for a, b in itertools.pairwise(outputs))
        and all(
            low <= block.out_channels <= high
            for stage, (low, high) in zip(structure.stages, space.widths)
            for block in stage
        )
        and cost.flops >= (budget.flops_min or 0)
        and cost.params >= (budget.params_min or 0)
        and (budget.effectiveness is None or rho(structure) <= budget.effectiveness + 1e-9)
        and (budget.memory is None or map_memory(structure.blocks, (96, 64)) <= budget.memory)
    )


@st.composite
def ruled(draw, rules):
    """A small preset with some rules, and every structure that keeps to them."""
    preset, structures = draw(small_presets())
    step, most = preset.space.width_step, preset.space.max_width
    assume(most > step)
    for rule in rules:
        share = draw(st.floats(0.1, 0.9))
        in_order = [sorted(f(one) for one in structures) for f in (
            lambda one: total_cost(one, (96, 64)).flops,
            lambda one: total_cost(one, (96, 64)).params,
            rho,
            lambda one: map_memory(one.blocks, (96, 64)),
        )]  # fmt: skip
        if rule in BUDGET_RULES:
            values = in_order[BUDGET_RULES.index(rule)]
            limit = values[int(share * (len(values) - 1))]
            if rule.endswith("_min"):
                limit = values[int(share / 2 * (len(values) - 1))]
            preset = replace(preset, budget=replace(preset.budget, **{rule: limit}))
        elif rule == "widths":
            ranges = tuple(
                draw(st.sampled_from([(step, step), (step, most), (most, most)])) for _ in range(5)
            )
            preset = replace(preset, space=replace(preset.space, widths=ranges))
        else:
            value = True if rule == "monotone_widths" else draw(st.sampled_from([1.0, 1.5, 2.0]))
            preset = replace(preset, space=replace(preset.space, **{rule: value}))
    kept = [one for one in structures if keeps(preset, one)]
    # the optimum starts from one that is in the space, and that no block has been divided in
    begins = [one for one in kept if len(one.blocks) == len(preset.initial.blocks)]
    assume(begins)
    return replace(preset, initial=begins[0]), kept


@pytest.mark.parametrize("rule", [*SPACE_RULES, *BUDGET_RULES])
def test_the_optimum_under_a_rule_is_the_best_that_keeps_to_it(rule):
    @settings(max_examples=2, deadline=None, suppress_health_check=CHECKS, derandomize=True)
    @given(ruled((rule,)))
    def one(small):
        compare(*small)

    one()


@pytest.mark.nightly
@settings(max_examples=100, deadline=None, suppress_health_check=CHECKS)
@given(st.sets(st.sampled_from([*SPACE_RULES, *BUDGET_RULES]), min_size=1, max_size=4)
       .flatmap(lambda rules: ruled(tuple(sorted(rules)))))  # fmt: skip
def test_the_optimum_under_several_rules_is_the_best_that_keeps_to_all(small):
    compare(*small)


@pytest.mark.nightly
def test_rules_that_cost_nothing_leave_the_optimum_of_m_as_it_was():
    from maedet_tui.presets import load

    preset = load("maedet-m")
    optimum = Optimum(replace(preset, space=replace(preset.space, monotone_widths=True)))
    while optimum.step():
        pass
    assert optimum.certificate.proven
    assert optimum.best.structure.widths == (80, 216, 808, 1152, 2048)
