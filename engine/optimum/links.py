"""Rules that tie the output of a block to that of the next: widths that never fall, and an
expansion limit. Both are linear in the logarithms of the widths, so that a skeleton's program
stays concave (`docs/optimum.md`)."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isinf, log

import numpy as np
import numpy.typing as npt

from engine.optimum.space import Ints, Widths
from engine.search.widths import ROUNDING
from engine.settings import Space

#: what rounding may take from a ratio's logarithm
LOOSE = 1e-8


def links_of(widths: Widths, space: Space) -> tuple[tuple[int, int], ...]:
    """(output, output of the next block) of each two that the space's rules tie together.

    A pooling passes its width on, and is passed over; the image has no say.
    """
    if not space.monotone_widths and isinf(space.max_expansion):
        return ()
    return tuple(
        (into, out) for into, out in zip(widths.into, widths.out) if into >= 0 and out != into
    )


def link_limits(space: Space, far: float) -> tuple[float, float]:
    """Least and largest difference of the two logarithms, ∓ `far` where there is no limit."""
    low = -far if isinf(space.max_expansion) else -log(space.max_expansion) - LOOSE
    return low, LOOSE if space.monotone_widths else far


class Links:
    """The ties of a layout between whole widths, in steps.

    expansion: largest output over input; inf for none.
    """

    def __init__(self, pairs: Sequence[tuple[int, int]], space: Space):
        self.pairs, self.expansion = tuple(pairs), space.max_expansion
        self.rising = space.monotone_widths

    def _most(self, before: Ints) -> Ints:
        """The widest output behind a width."""
        found: Ints = np.floor(self.expansion * before + ROUNDING).astype(np.int64)
        return found

    def narrowed(self, lower: Ints, upper: Ints) -> None:
        """Take from boxes (variables, N), in place, what no tie allows."""
        limited = self.expansion < inf
        for before, out in self.pairs:
            if self.rising:
                np.maximum(lower[out], lower[before], out=lower[out])
            if limited:
                np.minimum(upper[out], self._most(upper[before]), out=upper[out])
        for before, out in reversed(self.pairs):
            if self.rising:
                np.minimum(upper[before], upper[out], out=upper[before])
            if limited:
                least = np.ceil(lower[out] / self.expansion - ROUNDING).astype(np.int64)
                np.maximum(lower[before], least, out=lower[before])

    def kept(self, widths: Ints) -> npt.NDArray[np.bool_]:
        """Which points (variables, N) keep to every tie."""
        fine: npt.NDArray[np.bool_] = np.ones(widths.shape[1], bool)
        for before, out in self.pairs:
            if self.rising:
                fine &= widths[before] <= widths[out]
            if self.expansion < inf:
                fine &= widths[out] <= self._most(widths[before])
        return fine

    def repaired(self, widths: Ints) -> None:
        """Cut outputs of one point, (variables,), in place, to what the one before allows, and
        raise those that are too narrow."""
        for before, out in self.pairs:
            if self.rising:
                widths[out] = max(widths[out], widths[before])
            if self.expansion < inf:
                widths[out] = min(widths[out], self._most(widths[before]))
