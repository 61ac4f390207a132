"""The concave programs of many skeletons at once, in the logarithms of their widths.

With x = log of the widths, Z = c + Σ a x - Σ b exp(-x), a and b at least 0, is concave, and a
cost Σ q exp(x_i + x_j) + … of a budget of 1 convex (`docs/optimum.md`, section 2).
Arrays have their variables, products or budgets first and the skeletons last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.optimum.space import Floats, Ints


@dataclass(slots=True)
class Program:
    """Programs of one form.

    logs, inverses: a and b, (variables, N). constant: c, (N,). products: the places of
    the variables of each monomial of the costs, one or two. costs: q of each budget, over the
    budget, (budgets, products, N). fixed: what no width changes of it, (budgets, N).
    pairs: (place of a bottleneck, place of the output beside it) that a ratio binds, and behind
    them `links` pairs (output, output of the next block). ratios: log of their least and
    largest value, (pairs, 2, N); far out where they do not bind. linear: of rules that are
    linear in x, behind the budgets, their factors, (rules, variables, N); they are kept where
    `fixed` + factors · x is at most 1, so that `fixed` is (budgets + rules, N).
    """

    logs: Floats
    inverses: Floats
    constant: Floats
    products: tuple[tuple[int, ...], ...]
    costs: Floats
    fixed: Floats
    pairs: tuple[tuple[int, int], ...]
    ratios: Floats
    linear: Floats
    links: int = 0

    def take(self, which: Ints | slice) -> Program:
        """Some of the programs."""
        return Program(
            self.logs[:, which],
            self.inverses[:, which],
            self.constant[which],
            self.products,
            self.costs[:, :, which],
            self.fixed[:, which],
            self.pairs,
            self.ratios[:, :, which],
            self.linear[:, :, which],
            self.links,
        )

    def value(self, x: Floats) -> Floats:
        """Z at x, (N,)."""
        found: Floats = self.constant + (self.logs * x - self.inverses * np.exp(-x)).sum(axis=0)
        return found

    def terms(self, widths: Floats) -> Floats:
        """Each monomial at these widths, (products, N)."""
        found = np.empty((len(self.products), widths.shape[1]))
        for row, places in enumerate(self.products):
            if len(places) == 1:
                found[row] = widths[places[0]]
            else:
                np.multiply(widths[places[0]], widths[places[1]], out=found[row])
        return found

    def spent(self, x: Floats) -> Floats:
        """The share of each budget that is spent at x, and of each rule, (budgets + rules, N)."""
        found = np.empty((len(self.costs) + len(self.linear), x.shape[1]))
        count = len(self.costs)
        if count:
            found[:count] = self.fixed[:count] + (self.costs * self.terms(np.exp(x))).sum(axis=1)
        if len(self.linear):
            found[count:] = self.fixed[count:] + (self.linear * x).sum(axis=1)
        return found

    def spent_least(self, lower: Floats, upper: Floats) -> Floats:
        """The least that is spent within a box, (budgets + rules, N)."""
        found = self.spent(lower)
        if len(self.linear):  # their factors are at most 0
            found[len(self.costs) :] = self.spent(upper)[len(self.costs) :]
        return found
