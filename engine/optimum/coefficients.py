"""What a block adds to Z and to the costs, as functions of its widths.

Neither formula is written here a second time: the coefficients are read off what
`engine.costs` and the closed form say of the block at a few widths. Costs are
polynomials of second degree in the widths, so differences give them exactly; the gain is
a sum of logarithms of widths, and the finite-width term one of their inverses, so
doubling a width gives theirs.
"""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import Literal, NamedTuple

from engine.blocks import KINDS
from engine.costs import block_cost
from engine.scorers.closed_form import block_terms
from engine.structure import Block

CostName = Literal["params", "flops"]

#: places of a block's widths in what follows: of its input, its output, its bottleneck
IN, OUT, INSIDE = range(3)
#: products of widths in a cost, the constant last
MONOMIALS: tuple[tuple[int, ...], ...] = (
    (IN, IN), (OUT, OUT), (INSIDE, INSIDE), (IN, OUT), (IN, INSIDE), (OUT, INSIDE),
    (IN,), (OUT,), (INSIDE,), (),
)  # fmt: skip
#: what rounding leaves of a number of logarithms, or of a constant that is none
ROUNDING = 1e-9


class NotPolynomial(ValueError):
    """A kind of block whose costs or terms are not of the form that the optimum builds on."""


def sized(block: Block, width: int, out: int, inside: int) -> Block:
    """The block with these widths, as far as its kind has them."""
    kind = KINDS[block.kind]
    return block._replace(
        in_channels=width,
        out_channels=out if "out_channels" in kind.mutable else width,
        bottleneck=inside if "bottleneck" in kind.fields else 0,
    )


@lru_cache(maxsize=1 << 14)
def cost_polynomial(block: Block, size: tuple[int, int], name: CostName) -> tuple[float, ...]:
    """The coefficients of MONOMIALS in a cost of the block on an input of `size`.

    Squeeze-and-excitation rounds a width down, so its cost is no polynomial: the one
    returned then lies nowhere above it. Raises NotPolynomial for any other such kind.
    """
    if not block.se:
        return _differences(block, size, name, 1)
    # At the multiples of its reduction nothing is rounded. Between them rounding takes away
    # half of the squeezed width at most, and leaves one channel.
    plain = _differences(block._replace(se=0), size, name, 1)
    full = _differences(block, size, name, block.se)
    most = block.se / (block.se + 1)
    shares = [0.5 if len(monomial) == 2 else most for monomial in MONOMIALS]
    return tuple(p + share * (f - p) for p, f, share in zip(plain, full, shares))


def _differences(
    block: Block, size: tuple[int, int], name: CostName, unit: int
) -> tuple[float, ...]:
    """The polynomial through the costs at multiples of `unit`, by exact differences."""

    def at(*widths: int) -> int:
        scaled = (unit * width for width in widths)
        return int(getattr(block_cost(sized(block, *scaled), size), name))

    base = at(1, 1, 1)
    squares, doubled = [], []
    for place in range(3):
        two, three = ([n if i == place else 1 for i in range(3)] for n in (2, 3))
        doubled.append(at(*two))
        squares.append((at(*three) - 2 * doubled[place] + base) // 2)
    found: dict[tuple[int, ...], int] = {
        (place, place): square for place, square in enumerate(squares)
    }
    for one, other in ((IN, OUT), (IN, INSIDE), (OUT, INSIDE)):
        both = at(*(2 if i in (one, other) else 1 for i in range(3)))
        found[one, other] = both - doubled[one] - doubled[other] + base
    for place in range(3):
        crossed = sum(value for pair, value in found.items() if _mixed(pair, place))
        found[place,] = doubled[place] - base - 3 * squares[place] - crossed
    found[()] = base - sum(found.values())

    def value(*widths: int) -> int:
        total = 0
        for monomial, factor in found.items():
            product = factor
            for place in monomial:
                product *= widths[place]
            total += product
        return total

    for widths in ((5, 7, 11), (4, 4, 3), (13, 2, 8)):
        if value(*widths) != at(*widths) or min(found.values()) < 0:
            raise NotPolynomial(f"{name} of a {block.kind} are no polynomial of its widths")
    return tuple(found[monomial] / unit ** len(monomial) for monomial in MONOMIALS)


def _mixed(pair: tuple[int, ...], place: int) -> bool:
    return len(pair) == 2 and pair[0] != pair[1] and place in pair


class WidthTerms(NamedTuple):
    """`closed_form.Terms` of a block as functions of its widths (in, out, bottleneck).

    gain = constant + Σ logs · log(width); fluctuation and last = Σ of theirs / width.
    correlation: behind the block; the widths do not change it.
    """

    constant: float
    logs: tuple[float, ...]
    fluctuation: tuple[float, ...]
    last: tuple[float, ...]
    correlation: float


# of one proof many are the same, and nearly all are those of the next one of another budget
@lru_cache(maxsize=1 << 14)
def width_terms(
    block: Block, correlation: float, positions: int, first: bool, rectified: bool
) -> WidthTerms:
    """The terms of a block; arguments as in `closed_form.block_terms`.

    Without rectifiers the correlation depends on widths, and matters to a max pooling
    alone: uncorrelated positions give it the largest gain, so the terms are an upper bound.
    """
    if not rectified:
        correlation = 0.0
    # from 2 on: a depthwise convolution of one channel counts as an ordinary one
    base = block_terms(sized(block, 2, 2, 2), correlation, positions, first, rectified)
    logs, fluctuation, last = [], [], []
    for place in range(3):
        widths = [4 if i == place else 2 for i in range(3)]
        twice = block_terms(sized(block, *widths), correlation, positions, first, rectified)
        count = (twice.gain - base.gain) / log(2)
        if abs(count - round(count)) > ROUNDING or round(count) < 0:
            raise NotPolynomial(f"the gain of a {block.kind} is no sum of logarithms of widths")
        logs.append(float(round(count)))
        fluctuation.append(4 * (base.fluctuation - twice.fluctuation))
        last.append(4 * (base.last - twice.last))
    constant = base.gain - sum(logs) * log(2)
    if not rectified:  # the entropy does without them
        return WidthTerms(constant, tuple(logs), (0.0,) * 3, (0.0,) * 3, 0.0)
    for total, parts in ((base.fluctuation, fluctuation), (base.last, last)):
        if min(parts) < -ROUNDING or abs(total - sum(parts) / 2) > ROUNDING * (1 + total):
            raise NotPolynomial(f"the fluctuation of a {block.kind} is no sum of inverse widths")
    return WidthTerms(
        constant,
        tuple(logs),
        tuple(max(0.0, part) for part in fluctuation),
        tuple(max(0.0, part) for part in last),
        base.correlation,
    )
