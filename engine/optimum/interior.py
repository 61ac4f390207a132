"""Upper bounds of many concave programs at once, by an interior-point method and duality.

Newton's method follows the central path of all programs together; its matrix is banded,
since a cost couples the widths of one block only. How near it came to the optimum does not
matter for the bound to hold: `upper_bound` adds what concavity says is missing at most.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.optimum.program import Program
from engine.optimum.space import Floats, Ints

#: share of the way to the nearest limit that a step goes, and by which the gap is to shrink
TO_LIMIT, SHRINK = 0.99, 0.1
#: iterations between two bounds, and most of them
EVERY, MOST = 3, 45
#: the gap that the path ends at, as a share of the first one; beyond it, rounding leads astray
LEAST = 1e-8
#: logarithm of a ratio beyond which it does not bind
UNBOUND = 40.0
#: of a box that is a point, so that it has an inside
ROOM = 1e-8
#: what rounding may take from a bound, relative to the largest number in its sum
SLACK = 1e-11


class Bounds(NamedTuple):
    """Of N programs: a bound from above on Z; the x, (variables, N), and the multipliers of
    the budgets, (budgets, N), that it was found at."""

    bound: Floats
    x: Floats
    multipliers: Floats


def upper_bound(
    program: Program,
    lower: Floats,
    upper: Floats,
    x: Floats,
    multipliers: Floats,
    holding: Floats | None = None,
) -> Floats:
    """An upper bound on Z over the box and within the budgets, rules and ratios, (N,).

    Any x and any multipliers >= 0 give one, by weak duality: the Lagrangian is concave, so
    it lies nowhere above its tangent at x, whose maximum over the box is found exactly.
    holding: multipliers of the ratios, (pairs, 2, N), of which those of the links are used.
    """
    widths = np.exp(x)
    inverse = program.inverses / widths
    found = program.constant + (program.logs * x).sum(axis=0) - inverse.sum(axis=0)
    largest = np.abs(program.constant) + (np.abs(program.logs * x) + inverse).sum(axis=0)
    slope = program.logs + inverse
    budgets = len(program.costs)
    if budgets:
        priced = np.einsum("kn,kmn->mn", multipliers[:budgets], program.costs)
        priced *= program.terms(widths)
        for row, places in enumerate(program.products):
            for place in places:
                slope[place] -= priced[row]
        some = multipliers[:budgets]
        spent = priced.sum(axis=0) + (some * program.fixed[:budgets]).sum(axis=0)
        found += some.sum(axis=0) - spent
        largest += some.sum(axis=0) + spent
    for price, factors, fixed in zip(
        multipliers[budgets:], program.linear, program.fixed[budgets:]
    ):
        used = (factors * x).sum(axis=0)
        slope -= price * factors
        found += price * (1 - fixed - used)
        largest += price * (1 + np.abs(fixed) + np.abs(used))
    alone = len(program.pairs) - program.links
    if holding is not None:
        for pair in range(alone, len(program.pairs)):
            _linked(program, pair, holding[pair], x, slope, found, largest)
    rest = [True] * len(x)
    for pair, (inside, out) in enumerate(program.pairs[:alone]):
        rest[inside] = rest[out] = False
        found += _pair(program, pair, slope, lower, upper, x, inside, out)
    single = np.where(slope > 0, upper - x, lower - x) * slope
    found += single[rest].sum(axis=0)
    largest += (np.abs(slope) * (upper - lower)).sum(axis=0)
    bound: Floats = found + SLACK * largest
    return bound


def _linked(
    program: Program, pair: int, holding: Floats, x: Floats,
    slope: Floats, found: Floats, largest: Floats,
) -> None:  # fmt: skip
    """Add the multipliers, (2, N), of a link to the tangent: links have a variable in common,
    so that the best of all of them together is not found as simply as that of one pair."""
    first, second = program.pairs[pair]
    apart = x[first] - x[second]
    for sign, limit, price in zip((1.0, -1.0), program.ratios[pair], holding):
        price = np.where(np.abs(limit) < UNBOUND, price, 0.0)
        slope[first] += sign * price
        slope[second] -= sign * price
        found += price * sign * (apart - limit)
        largest += price * (np.abs(apart) + np.abs(limit))


def _pair(
    program: Program,
    pair: int,
    slope: Floats,
    lower: Floats,
    upper: Floats,
    x: Floats,
    inside: int,
    out: int,
) -> Floats:
    """The most that slope · (y - x) comes to over a bottleneck and its output, (N,); -inf
    where their ratio leaves nothing of the box.

    The best bottleneck is a piecewise linear function of the output, so one end of the
    outputs, or the bend between them, is the best.
    """
    low, high = program.ratios[pair]
    first = np.maximum(lower[out], lower[inside] - high)
    final = np.minimum(upper[out], upper[inside] - low)
    wide = slope[inside] >= 0
    bend = np.where(wide, upper[inside] - high, lower[inside] - low)
    best = np.full(x.shape[1], -np.inf)
    for y in (first, final, np.clip(bend, first, np.maximum(first, final))):
        most = np.where(
            wide, np.minimum(upper[inside], y + high), np.maximum(lower[inside], y + low)
        )
        value = slope[out] * (y - x[out]) + slope[inside] * (most - x[inside])
        best = np.maximum(best, value)
    found: Floats = np.where(first <= final + ROOM, best, -np.inf)
    return found


def bounds(
    program: Program,
    lower: Floats,
    upper: Floats,
    enough: float = -np.inf,
    tolerance: float = 1e-9,
    most: int = MOST,
) -> Bounds:
    """Bounds of N programs over boxes of x, (variables, N) each.

    enough: no bound need be lower than this. tolerance: nor nearer to the optimum than
    this share of it. A program that is infeasible at `lower` has the bound -inf.
    """
    count, budgets = program.constant.size, len(program.fixed)
    bound = np.full(count, np.inf)
    kept = np.array(lower)
    prices = np.zeros((budgets, count))
    lower, upper = lower - ROOM, upper + ROOM
    feasible = (program.spent_least(lower, upper) <= 1).all(axis=0)
    bound[~feasible] = -np.inf
    left: Ints = np.flatnonzero(feasible)
    if not left.size:
        return Bounds(bound, kept, prices)
    path = _Path(program.take(left), lower[:, left], upper[:, left])
    for iteration in range(1, most + 1):
        path.step()
        if iteration % EVERY and iteration < most:
            continue
        now = upper_bound(
            path.program, path.lower, path.upper, path.x, path.multipliers, path.holding
        )
        better = now < bound[left]
        bound[left[better]] = now[better]
        kept[:, left[better]] = path.x[:, better]
        prices[:, left[better]] = path.multipliers[:, better]
        spare = 1 - path.program.spent(path.x)
        priced = (path.multipliers * np.abs(spare)).sum(axis=0)
        value = path.program.value(path.x) - priced
        least = bound[left]
        open_ = (least > enough) & (least - value > tolerance * np.abs(value))
        if not open_.any():
            break
        if open_.sum() < 0.8 * left.size:
            left = left[open_]
            path.keep(np.flatnonzero(open_))
    return Bounds(bound, kept, prices)


class _Path:
    """Where the interior-point method is: x inside the box and the budgets; multipliers of
    the budgets, of the sides of the box, and of the ratios with their slacks."""

    def __init__(self, program: Program, lower: Floats, upper: Floats):
        self.program, self.lower, self.upper = program, lower, upper
        self.x = self._start()
        self.spare = np.maximum(1 - program.spent(self.x), 0.1)
        pairs, count = len(program.pairs), self.x.shape[1]
        scale = 0.05 * np.abs(program.value(self.x)) + 1.0
        self.slacks = np.full((pairs, 2, count), 0.1)
        sides = 2 * len(self.x) + len(self.spare) + 2 * pairs
        each = scale / sides
        self.multipliers = each / self.spare
        # kept apart from x, of which they would be differences of nearly equal numbers
        self.from_lower, self.from_upper = self.x - lower, upper - self.x
        self.below, self.above = each / self.from_lower, each / self.from_upper
        self.least = LEAST * scale
        self.holding = each / self.slacks
        self._sides = sides

    def _start(self) -> Floats:
        """A point between the corners of the box that leaves something of each budget."""
        program, lower, width = self.program, self.lower, self.upper - self.lower
        budgets = len(program.costs)
        low, high = np.zeros(lower.shape[1]), np.full(lower.shape[1], 0.5)
        room = 0.5 * (
            1 + program.spent(lower)[:budgets]
        )  # halfway from what is spent at least to all
        for _ in range(8):
            middle = (low + high) / 2
            fits = (program.spent(lower + middle * width)[:budgets] < room).all(axis=0)
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)
        return lower + np.maximum(low, 0.01) * width

    def keep(self, which: Ints) -> None:
        """Go on with some of the programs."""
        self.program = self.program.take(which)
        self.least = self.least[which]
        for name in ("lower", "upper", "x", "spare", "multipliers", "below", "above",
                     "from_lower", "from_upper"):  # fmt: skip
            setattr(self, name, getattr(self, name)[:, which])
        self.slacks, self.holding = self.slacks[:, :, which], self.holding[:, :, which]

    def step(self) -> None:
        """One step of Newton's method towards a gap of a tenth."""
        program, x = self.program, self.x
        count, costs, budgets = x.shape[1], len(program.costs), len(program.fixed)
        widths = np.exp(x)
        inverse = program.inverses / widths
        terms = program.terms(widths)
        spare = self.spare
        beyond = spare - 1 + program.fixed
        beyond[:costs] += np.einsum("kmn,mn->kn", program.costs, terms)
        beyond[costs:] += (program.linear * x).sum(axis=1)
        from_lower, from_upper = self.from_lower, self.from_upper
        gap = (self.below * from_lower + self.above * from_upper).sum(axis=0)
        gap += (self.multipliers * spare).sum(axis=0) + (self.holding * self.slacks).sum((0, 1))
        mu = np.maximum(SHRINK * gap, self.least) / self._sides

        right = program.logs + inverse + mu / from_lower - mu / from_upper
        bands = np.zeros((3, *x.shape))
        bands[0] = inverse + self.below / from_lower + self.above / from_upper
        slopes = np.zeros((budgets, *x.shape))
        weighted = program.costs * terms  # what each monomial spends of each budget
        priced = np.einsum("kn,kmn->mn", self.multipliers[:costs], weighted)
        slopes[costs:] = program.linear
        for row, places in enumerate(program.products):
            slopes[:costs, places[0]] += weighted[:, row]
            if len(places) == 1:
                bands[0, places[0]] += priced[row]
                continue
            slopes[:costs, places[1]] += weighted[:, row]
            if places[0] == places[1]:
                bands[0, places[0]] += 4 * priced[row]
                continue
            bands[0, places[0]] += priced[row]
            bands[0, places[1]] += priced[row]
            bands[abs(places[0] - places[1]), max(places)] += priced[row]
        missing = self._ratio_residuals()
        for pair, (inside, out) in enumerate(program.pairs):
            for side, sign in ((0, -1.0), (1, 1.0)):
                slack, held = self.slacks[pair, side], self.holding[pair, side]
                push = mu / slack + held / slack * missing[pair, side]
                right[inside] -= sign * push
                right[out] += sign * push
                bands[0, inside] += held / slack
                bands[0, out] += held / slack
                bands[abs(inside - out), max(inside, out)] -= held / slack

        push = (mu + self.multipliers * beyond) / spare
        right -= (slopes * push[:, None]).sum(axis=0)
        solved = _banded(bands, np.concatenate([right[None], slopes]))
        dx = solved[0]
        if budgets:
            # the budgets' own curvature is of rank one each
            across = solved[1:]
            small = np.einsum("ivn,jvn->nij", slopes, across)
            small[:, range(budgets), range(budgets)] += (spare / self.multipliers).T
            along = np.einsum("ivn,vn->ni", slopes, dx)
            share = np.linalg.solve(small, along[..., None])[..., 0]
            dx = dx - np.einsum("ni,ivn->vn", share, across)
        rise = np.einsum("kvn,vn->kn", slopes, dx)
        d_spare = -rise - beyond
        d_price = (mu - self.multipliers * (spare + d_spare)) / spare
        d_below = (mu - self.below * from_lower - self.below * dx) / from_lower
        d_above = (mu - self.above * from_upper + self.above * dx) / from_upper
        d_slack = np.empty_like(self.slacks)
        for pair, (inside, out) in enumerate(program.pairs):
            change = dx[inside] - dx[out]
            d_slack[pair, 0] = change - missing[pair, 0]
            d_slack[pair, 1] = -change - missing[pair, 1]
        d_hold = (mu - self.holding * self.slacks - self.holding * d_slack) / self.slacks

        length = np.ones(count)
        for value, change in (
            (from_lower, dx), (from_upper, -dx), (self.below, d_below), (self.above, d_above),
            (self.multipliers, d_price), (self.spare, d_spare),
            (self.slacks.reshape(-1, count), d_slack.reshape(-1, count)),
            (self.holding.reshape(-1, count), d_hold.reshape(-1, count)),
        ):  # fmt: skip
            if value.size:
                with np.errstate(divide="ignore", invalid="ignore"):
                    limit = np.where(change < 0, -TO_LIMIT * value / change, 1.0)
                length = np.minimum(length, limit.min(axis=0))
        self.x = x + length * dx
        self.from_lower = from_lower + length * dx
        self.from_upper = from_upper - length * dx
        self.below = self.below + length * d_below
        self.above = self.above + length * d_above
        self.multipliers = self.multipliers + length * d_price
        self.spare = self.spare + length * d_spare
        self.slacks = self.slacks + length * d_slack
        self.holding = self.holding + length * d_hold

    def _ratio_residuals(self) -> Floats:
        """By how much each slack exceeds what there is, (pairs, 2, N)."""
        found = np.empty_like(self.slacks)
        for pair, (inside, out) in enumerate(self.program.pairs):
            low, high = self.program.ratios[pair]
            apart = self.x[inside] - self.x[out]
            found[pair, 0] = self.slacks[pair, 0] - (apart - low)
            found[pair, 1] = self.slacks[pair, 1] - (high - apart)
        return found


def _banded(bands: Floats, right: Floats) -> Floats:
    """Solve symmetric positive systems of half-bandwidth 2 by L D L'.

    bands: the diagonal and the two below it, by their lower row, (3, variables, N).
    right: (sides, variables, N); solved in place.
    """
    size = bands.shape[1]
    first, second, pivots = bands[1], bands[2], bands[0]
    for i in range(size):
        if i >= 2:
            far = second[i].copy()
            second[i] /= pivots[i - 2]
            first[i] -= far * first[i - 1]
            pivots[i] -= second[i] * far
        if i >= 1:
            near = first[i].copy()
            first[i] /= pivots[i - 1]
            pivots[i] -= first[i] * near
        if i >= 1:
            right[:, i] -= first[i] * right[:, i - 1]
        if i >= 2:
            right[:, i] -= second[i] * right[:, i - 2]
    right /= pivots
    for i in range(size - 2, -1, -1):
        right[:, i] -= first[i + 1] * right[:, i + 1]
        if i + 2 < size:
            right[:, i] -= second[i + 2] * right[:, i + 2]
    return right
