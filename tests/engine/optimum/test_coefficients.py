"""What is read off blocks at a few widths holds at all others."""

from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.blocks import KINDS
from engine.costs import block_cost
from engine.optimum.coefficients import MONOMIALS, cost_polynomial, sized, width_terms
from engine.scorers.closed_form import block_terms
from engine.structure import Block

SIZES = st.sampled_from([(7, 9), (40, 64), (400, 640)])
WIDTHS = st.tuples(*(st.integers(2, 3000) for _ in range(3)))


@st.composite
def blocks(draw):
    kind = draw(st.sampled_from(["Conv", "MaxPool", "ResBlock", "BasicBlock", "InvertedBlock"]))
    block = Block(kind, draw(st.sampled_from([3, 5])), 0, 0, draw(st.integers(1, 2)))
    if "depth" in KINDS[kind].fields:
        block = block._replace(depth=draw(st.integers(1, 6)))
    if kind == "InvertedBlock":
        block = block._replace(expansion=draw(st.sampled_from([1, 3, 6])))
    return block


def value(polynomial, widths):
    total = 0.0
    for factor, monomial in zip(polynomial, MONOMIALS):
        for place in monomial:
            factor *= widths[place]
        total += factor
    return total


@settings(max_examples=60, deadline=None)
@given(blocks(), SIZES, WIDTHS)
def test_costs_are_the_polynomials_read_off_them(block, size, widths):
    cost = block_cost(sized(block, *widths), size)
    for name in ("params", "flops"):
        assert value(cost_polynomial(block, size, name), widths) == getattr(cost, name)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1, 3, 6]), st.integers(1, 40), st.integers(1, 3), SIZES, WIDTHS)
def test_what_is_read_off_squeeze_and_excitation_is_nowhere_above_it(e, se, depth, size, widths):
    block = Block("InvertedBlock", 3, 0, 0, 2, depth=depth, expansion=e, se=se)
    cost = block_cost(sized(block, *widths), size)
    for name in ("params", "flops"):
        least = value(cost_polynomial(block, size, name), widths)
        assert 0.4 * getattr(cost, name) < least <= getattr(cost, name) * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(blocks(), st.floats(0, 1), st.integers(1, 40_000), WIDTHS, st.booleans())
def test_terms_are_logarithms_and_inverses_of_widths(block, correlation, positions, widths, relu):
    expected = block_terms(sized(block, *widths), correlation, positions, False, relu)
    terms = width_terms(block, correlation, positions, False, relu)
    gain = terms.constant + sum(n * log(width) for n, width in zip(terms.logs, widths))
    if relu or block.kind != "MaxPool":
        assert gain == pytest.approx(expected.gain, rel=1e-12, abs=1e-12)
    else:
        assert gain >= expected.gain - 1e-9
    if relu:
        assert terms.correlation == expected.correlation
        for parts, whole in (
            (terms.fluctuation, expected.fluctuation),
            (terms.last, expected.last),
        ):
            total = sum(part / width for part, width in zip(parts, widths))
            assert total == pytest.approx(whole, rel=1e-9, abs=1e-12)
